import * as tables from '../../lake/unicode/tables.ts';
import { codePointAt, unitsOf } from '../../lake/unicode/units.ts';
import { spread, step } from '../dedupe/signature.ts';

/**
 * Words as dedupe has them, each hashed to two numbers of 32 bits, and of each the sums h(i + 1) = h(i) × P + word(i), so that
 * the hash of any run of words follows from two of them.
 */
export interface HashedWords {
  count: number;
  /** The folded text that they are of. */
  folded: string;
  /** Where word i begins and ends in it, in UTF-16 units. */
  starts: Uint32Array;
  ends: Uint32Array;
  /** Sums over the words before word i, one more than there are words. */
  a: Int32Array;
  b: Int32Array;
}

/** Words of a gram at most; longer fields have one for each run of so many. */
export const MOST_WORDS = 13;
/** Words of the shortest field that matches by itself. */
export const LEAST_WORDS = 8;

const START_A = 0x243f6a88;
const START_B = 0x85a308d3;
const FACTOR_A = 0x9e3779b1;
const FACTOR_B = 0x85ebca77;
/** Multipliers of the sums: 5 modulo 8, so that the order of words shows in all but the lowest two bits. */
const SUM_A = 0x0019660d;
const SUM_B = 0x2c9277b5;

/** SUM ** n for lengths of grams. */
const POWERS_A = powers(SUM_A);
const POWERS_B = powers(SUM_B);
function powers(factor: number): Int32Array {
  const all = new Int32Array(MOST_WORDS + 1);
  all[0] = 1;
  for (let n = 1; n <= MOST_WORDS; n++) all[n] = Math.imul(all[n - 1] as number, factor);
  return all;
}

// Constants of this module: imported ones are looked up each time.
const IN_WORD = tables.IN_WORD;
const ALONE = tables.ALONE;
const { wordClasses } = tables;

/** Words for which room is kept from one text to the next. */
const KEPT = 1 << 17;
let starts = new Uint32Array(KEPT);
let ends = new Uint32Array(KEPT);
let sumsA = new Int32Array(KEPT + 1);
let sumsB = new Int32Array(KEPT + 1);

function room(words: number): void {
  const size = words <= starts.length && starts.length <= KEPT ? starts.length : Math.max(KEPT, words);
  if (size === starts.length) return;
  starts = new Uint32Array(size);
  ends = new Uint32Array(size);
  sumsA = new Int32Array(size + 1);
  sumsB = new Int32Array(size + 1);
}

/** The words of a text that is folded for dedupe, in room that the next call uses again. */
export function hashWords(folded: string): HashedWords {
  const units = unitsOf(folded);
  const { length } = folded;
  // A word may be a single unit, with nothing between it and the next.
  room(length);
  let count = 0;
  let sumA = 0;
  let sumB = 0;
  sumsA[0] = 0;
  sumsB[0] = 0;
  for (let i = 0; i < length; ) {
    const start = i;
    let code = codePointAt(units, i, length);
    let kind = wordClasses[code] as number;
    i += code > 0xffff ? 2 : 1;
    if (kind !== IN_WORD && kind !== ALONE) continue;
    let wordA = step(START_A, code, FACTOR_A);
    let wordB = step(START_B, code, FACTOR_B);
    while (kind === IN_WORD && i < length) {
      code = codePointAt(units, i, length);
      kind = wordClasses[code] as number;
      if (kind !== IN_WORD) break;
      i += code > 0xffff ? 2 : 1;
      wordA = step(wordA, code, FACTOR_A);
      wordB = step(wordB, code, FACTOR_B);
    }
    starts[count] = start;
    ends[count] = i;
    sumA = (Math.imul(sumA, SUM_A) + spread(wordA)) | 0;
    sumB = (Math.imul(sumB, SUM_B) + spread(wordB)) | 0;
    count++;
    sumsA[count] = sumA;
    sumsB[count] = sumB;
  }
  return { count, folded, starts, ends, a: sumsA, b: sumsB };
}

/** The upper half of the hash of the `n` words from word `i` on; unsigned. */
export function upperHash({ a }: HashedWords, i: number, n: number): number {
  const sum = (a[i + n] as number) - Math.imul(a[i] as number, POWERS_A[n] as number);
  return spread(sum ^ Math.imul(n, FACTOR_A)) >>> 0;
}

/** Its lower half; unsigned. */
export function lowerHash({ b }: HashedWords, i: number, n: number): number {
  const sum = (b[i + n] as number) - Math.imul(b[i] as number, POWERS_B[n] as number);
  return spread(sum ^ Math.imul(n, FACTOR_B)) >>> 0;
}

/** Words [from, to), one space between two: no word has one in it. */
export function joined({ folded, starts, ends }: HashedWords, from: number, to: number): string {
  const words: string[] = [];
  for (let i = from; i < to; i++) words.push(folded.slice(starts[i], ends[i]));
  return words.join(' ');
}
