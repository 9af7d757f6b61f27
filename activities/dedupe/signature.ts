import { longer } from '../../lake/longer.ts';
import { openStream } from '../../lake/random.ts';
import * as tables from '../../lake/unicode/tables.ts';
import { codePointAt, unitsOf } from '../../lake/unicode/units.ts';

/**
 * MinHash by one permutation (Li, Owen, Zhang 2012): every shingle falls into one of the bins by one half of its hash,
 * and each bin keeps the smallest other half. Bins that stay empty are filled by further throws of all shingles (as in
 * Fast Similarity Sketching, Dahlgaard, Knudsen, Thorup 2017), so that two sets agree in a value with a probability that
 * is their Jaccard similarity. One pass over the text instead of one for each value.
 */
export const VALUES = 112;
export const BANDS = 14;
/** Values of a band. */
export const ROWS = 8;
/** Documents with fewer words have no signature: only an exact duplicate drops them. */
export const MIN_WORDS = 20;
/** Words of a shingle. */
const SHINGLE = 5;

/** No value: the smallest of nothing. */
const EMPTY = 0x7fffffff;

const mins = new Int32Array(VALUES);

const START_A = 0x243f6a88;
const START_B = 0x85a308d3;
const FACTOR_A = 0x9e3779b1;
const FACTOR_B = 0x85ebca77;

/** One step of a hash of 32 bits: `value` goes into `hash`. The rotation brings high bits back to where they spread. */
export const step = (hash: number, value: number, factor: number): number =>
  Math.imul(((hash << 5) | (hash >>> 27)) ^ value, factor);

/** Spreads every bit of a hash over all others (the last step of MurmurHash3). */
export function spread(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The classes of `wordClasses`, and surrogates, whose code point has to be read first. Constants of this module: imported
 * ones are looked up each time, which made this six times as slow.
 */
const IN_WORD = tables.IN_WORD;
const ALONE = tables.ALONE;
const SURROGATE = 3;
const { wordClasses } = tables;
const classes = wordClasses.slice(0, 0x10000).fill(SURROGATE, 0xd800, 0xe000);

/** Shingles held to be thrown again: the last ones of a text that has more, which hardly ever leaves a bin empty. */
const HELD = 2 ** 16;
const heldPlaces = new Int32Array(HELD);
const heldValues = new Int32Array(HELD);
/** How many shingles the text has had so far. */
let shingles = 0;

/** Throws of all shingles behind the first; who has so few that bins are empty still gets a value for each by itself. */
const THROWS = 16;
/** Odd numbers: half a hash times one of them is another half, as good as the one before. */
const factors = (purpose: string, count: number): Int32Array =>
  Int32Array.from({ length: count }, (_, i) => openStream('instruct-lake', purpose, String(i)).uint32() | 1);
const PLACE_FACTORS = factors('dedupe/throw-place', THROWS);
const VALUE_FACTORS = factors('dedupe/throw-value', THROWS);
const BIN_FACTORS = factors('dedupe/bin', VALUES);
const later = new Int32Array(VALUES);

/** Code units whose words are hashed before their shingles are: a loop without branches each, and little room. */
const PIECE = 8192;
/** Hashes of words: the last four of the piece before, then those of the piece. A constant: a variable is looked up each time. */
const hashes = new Int32Array(PIECE + 2 * SHINGLE);

/**
 * The signature of a text that is folded for dedupe: 112 signed values, in room that the next call uses again.
 * Undefined when it has fewer than 20 words. Words are letters, marks and numbers that stand together; a character of
 * a script written without spaces is a word by itself.
 */
export function signatureOf(folded: string): Int32Array | undefined {
  const units = unitsOf(folded);
  const { length } = folded;
  mins.fill(EMPTY);
  shingles = 0;
  let words = 0;
  for (let start = 0; start < length; ) {
    const end = pieceEnd(units, start + PIECE, length);
    const before = Math.min(words, SHINGLE - 1);
    const count = hashPlainWords(units, start, end, before) ?? hashWords(units, start, end, before);
    takeShingles(count);
    hashes.copyWithin(0, Math.max(0, count - SHINGLE + 1), count);
    words += count - before;
    start = end;
  }
  if (words < MIN_WORDS) return undefined;
  fillBins();
  return mins;
}

/**
 * The set of the shingles of a text that is folded for dedupe: 32 bits of each, rising. Two shingles of a thousand that
 * differ have the same once in ten thousand documents, which moves a similarity by a thousandth.
 */
export function shinglesOf(folded: string): Uint32Array {
  const units = unitsOf(folded);
  const { length } = folded;
  let set = new Uint32Array(Math.max(64, length >>> 2));
  let size = 0;
  let words = 0;
  for (let start = 0; start < length; ) {
    const end = pieceEnd(units, start + PIECE, length);
    const before = Math.min(words, SHINGLE - 1);
    const count = hashPlainWords(units, start, end, before) ?? hashWords(units, start, end, before);
    if (size + count > set.length) set = longer(set, 2 * (size + count));
    for (let i = 0; i + SHINGLE <= count; i++) {
      let hash = START_B;
      for (let k = i; k < i + SHINGLE; k++) hash = step(hash, hashes[k] as number, FACTOR_B);
      set[size++] = spread(hash);
    }
    hashes.copyWithin(0, Math.max(0, count - SHINGLE + 1), count);
    words += count - before;
    start = end;
  }
  const sorted = set.subarray(0, size).sort();
  let distinct = 0;
  for (let i = 0; i < size; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[distinct++] = sorted[i] as number;
  }
  return sorted.subarray(0, distinct);
}

/** Where a piece ends that holds at least what is before `from`: in no word, and between no two surrogates. */
function pieceEnd(units: Uint16Array, from: number, length: number): number {
  if (from >= length) return length;
  let end = from;
  if (((units[end] as number) & 0xfc00) === 0xdc00) end++;
  while (end < length) {
    const code = codePointAt(units, end, length);
    if (wordClasses[code] !== IN_WORD) break;
    end += code > 0xffff ? 2 : 1;
  }
  return end;
}

/**
 * Hashes the words of units [start, end) into `hashes` from `count` on; the new end. Undefined where there is anything
 * but words and what stands between them. Words are short, and where one ends is not foreseen: so there is no branch.
 */
function hashPlainWords(units: Uint16Array, start: number, end: number, count: number): number | undefined {
  let n = count;
  let word = START_A;
  let inside = 0;
  let seen = 0;
  for (let i = start; i < end; i++) {
    const unit = units[i] as number;
    const kind = classes[unit] as number;
    seen |= kind;
    hashes[n] = word;
    n += inside & (kind ^ IN_WORD);
    // All bits in a word, none elsewhere.
    const mask = -kind;
    word = step(word, unit, FACTOR_A & mask) | (START_A & ~mask);
    inside = kind;
  }
  hashes[n] = word;
  return (seen & ~IN_WORD) === 0 ? n + inside : undefined;
}

/** The same for any text. */
function hashWords(units: Uint16Array, start: number, end: number, count: number): number {
  let n = count;
  for (let i = start; i < end; ) {
    const first = i;
    let word = START_A;
    let kind = classes[units[i] as number] as number;
    for (;;) {
      while (kind === IN_WORD) {
        word = step(word, units[i] as number, FACTOR_A);
        i++;
        kind = i < end ? (classes[units[i] as number] as number) : 0;
      }
      if (kind !== SURROGATE) break;
      const code = codePointAt(units, i, end);
      kind = wordClasses[code] as number;
      if (kind !== IN_WORD) break;
      word = step(word, code, FACTOR_A);
      i += 2;
      kind = i < end ? (classes[units[i] as number] as number) : 0;
    }
    if (i === first) {
      const code = codePointAt(units, i, end);
      i += code > 0xffff ? 2 : 1;
      if (kind !== ALONE) continue;
      word = step(START_A, code, FACTOR_A);
    }
    hashes[n++] = word;
  }
  return n;
}

/**
 * Takes in the shingles that end with the words up to `count`, four of which stand before the first. Of the four that
 * are under way at each word (a1 with one word of theirs, a4 with four) each goes on by one step: so no step waits for the one before.
 */
function takeShingles(count: number): void {
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let a4 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  let b4 = 0;
  let n = shingles;
  for (let i = 0; i < count; i++) {
    const word = hashes[i] as number;
    const a = step(a4, word, FACTOR_A);
    const b = step(b4, word, FACTOR_B);
    a4 = step(a3, word, FACTOR_A);
    b4 = step(b3, word, FACTOR_B);
    a3 = step(a2, word, FACTOR_A);
    b3 = step(b2, word, FACTOR_B);
    a2 = step(a1, word, FACTOR_A);
    b2 = step(b1, word, FACTOR_B);
    a1 = step(START_A, word, FACTOR_A);
    b1 = step(START_B, word, FACTOR_B);
    if (i < SHINGLE - 1) continue;
    const place = spread(a);
    const value = spread(b);
    heldPlaces[n & (HELD - 1)] = place;
    heldValues[n & (HELD - 1)] = value;
    n++;
    const bin = ((place >>> 16) * VALUES) >>> 16;
    const least = mins[bin] as number;
    // The smaller of the two, without a branch: which one it is cannot be foreseen either.
    mins[bin] = value ^ ((value ^ least) & -Number(least < value));
  }
  shingles = n;
}

/** Fills the bins that are empty: a throw is for those that all before it have left. */
function fillBins(): void {
  const count = Math.min(shingles, HELD);
  for (let again = 0; again < THROWS && mins.includes(EMPTY); again++) {
    const placeFactor = PLACE_FACTORS[again] as number;
    const valueFactor = VALUE_FACTORS[again] as number;
    later.fill(EMPTY);
    for (let i = 0; i < count; i++) {
      const place = Math.imul(heldPlaces[i] as number, placeFactor);
      const value = Math.imul(heldValues[i] as number, valueFactor);
      const bin = ((place >>> 16) * VALUES) >>> 16;
      const least = later[bin] as number;
      later[bin] = value ^ ((value ^ least) & -Number(least < value));
    }
    for (let bin = 0; bin < VALUES; bin++) if (mins[bin] === EMPTY) mins[bin] = later[bin] as number;
  }
  for (let bin = 0; bin < VALUES; bin++) {
    if (mins[bin] !== EMPTY) continue;
    const factor = BIN_FACTORS[bin] as number;
    let least = EMPTY;
    for (let i = 0; i < count; i++) least = Math.min(least, Math.imul(heldValues[i] as number, factor));
    mins[bin] = least;
  }
}

/** Values of a signature, whole or as it is kept: bands are keyed by the lower 16 bits of each, so both give the same. */
export type Values = Int32Array | Uint16Array;

/** The upper 32 bits of a band's key. */
export const bandHigh = (values: Values, band: number): number =>
  spread(bandHash(values, band, START_A, FACTOR_A)) >>> 0;
/** The lower 32 bits of a band's key; the last four of them are the number of the band. */
export const bandLow = (values: Values, band: number): number =>
  ((spread(bandHash(values, band, START_B, FACTOR_B)) & ~0xf) | band) >>> 0;

/** The 64 bits by which documents that agree in a whole band find each other. */
export const bandKey = (values: Values, band: number): bigint =>
  (BigInt(bandHigh(values, band)) << 32n) | BigInt(bandLow(values, band));

/** The band of a key. */
export const bandOf = (key: bigint): number => Number(key & 0xfn);

function bandHash(values: Values, band: number, start: number, factor: number): number {
  let hash = step(start, band, factor);
  for (let i = band * ROWS; i < (band + 1) * ROWS; i++) {
    hash = step(hash, (values[i] as number) & 0xffff, factor);
  }
  return hash;
}
