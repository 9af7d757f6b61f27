import { longer } from '../../../lake/longer.ts';
import { ALONE as BY_ITSELF, numbers, whiteSpace, wordClasses } from '../../../lake/unicode/tables.ts';
import { unitsOf } from '../../../lake/unicode/units.ts';

/** The words of a text, and what is counted on the way through it. Characters are code points that are not white space. */
export interface Words {
  count: number;
  /** Where each word begins and ends, in UTF-16 units, and its characters; longer than `count`. */
  starts: Int32Array;
  ends: Int32Array;
  characters: Int32Array;
  /** Characters of all words. */
  allCharacters: number;
  /** Words with a letter in them. */
  alphabetic: number;
  /** Words that are more than one character of a script without spaces, and their characters. */
  spaced: number;
  spacedCharacters: number;
  /** Number signs. */
  hashes: number;
  /** `…`, and each run of three full stops or more. */
  ellipses: number;
}

/** Kinds of code points: a sign that is none of the others is 0. */
const SPACE = 1;
const LETTER = 2;
const NUMBER = 3;
const ALONE = 4;
const kinds = wordClasses.map((kind) => (kind === 0 ? 0 : kind === BY_ITSELF ? ALONE : LETTER));
for (const code of numbers.keys()) if (kinds[code] !== ALONE) kinds[code] = NUMBER;
for (const code of whiteSpace.keys()) kinds[code] = SPACE;

const HASH = 0x23;
const FULL_STOP = 0x2e;
const ELLIPSIS = 0x2026;

/**
 * A word is what stands between white space, with its punctuation. A character of a script that is written without
 * spaces (ideographs, kana, Thai …) is a word by itself, with the punctuation around it: `水は「H2O」だ。` has the words
 * `水`, `は「`, `H2O」`, `だ。`. By our tables; one pass.
 */
export function splitWords(text: string): Words {
  const units = unitsOf(text);
  const { length } = text;
  let room = (length >> 2) + 16;
  let starts = new Int32Array(room);
  let ends = new Int32Array(room);
  let characters = new Int32Array(room);
  const found = { allCharacters: 0, alphabetic: 0, spaced: 0, spacedCharacters: 0, hashes: 0, ellipses: 0 };
  let count = 0;
  let start = -1;
  let size = 0;
  let letters = false;
  // Whether the word under way holds letters or numbers (LETTER), one of a script without spaces (ALONE), or only signs.
  let holds = 0;
  let stops = 0;

  function end(at: number): void {
    if (count === room) {
      room *= 2;
      starts = longer(starts, room);
      ends = longer(ends, room);
      characters = longer(characters, room);
    }
    starts[count] = start;
    ends[count] = at;
    characters[count++] = size;
    found.allCharacters += size;
    if (letters) found.alphabetic++;
    if (holds !== ALONE) {
      found.spaced++;
      found.spacedCharacters += size;
    }
    start = -1;
    size = 0;
    letters = false;
    holds = 0;
  }
  for (let i = 0; i < length; ) {
    const unit = units[i] as number;
    const code = unit >= 0xd800 && unit < 0xe000 ? (text.codePointAt(i) as number) : unit;
    const kind = kinds[code] as number;
    if (kind === SPACE) {
      if (start >= 0) end(i);
    } else {
      const isAlone = kind === ALONE;
      if (kind !== 0 && (isAlone ? holds !== 0 : holds === ALONE)) end(i);
      if (start < 0) start = i;
      size++;
      if (kind !== 0) holds = isAlone ? ALONE : LETTER;
      if (isAlone || kind === LETTER) letters = true;
      if (code === HASH) found.hashes++;
    }
    stops = code === FULL_STOP ? stops + 1 : 0;
    if (stops === 3 || code === ELLIPSIS) found.ellipses++;
    i += code > 0xffff ? 2 : 1;
  }
  if (start >= 0) end(length);
  return { count, starts, ends, characters, ...found };
}

/** Code points of a text that are not white space. */
export function charactersOf(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) as number;
    if (code > 0xffff) i++;
    if (kinds[code] !== SPACE) count++;
  }
  return count;
}

/** Whether the unit at `at` of a text is white space, of which none lies above U+FFFF. */
export const isSpaceAt = (text: string, at: number): boolean => kinds[text.charCodeAt(at)] === SPACE;

/** A word without the signs at its ends: from where to where letters and numbers stand. */
export function withoutSigns(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isSignAt(text, from)) from++;
  while (to > from && isSignAt(text, to - 1)) to--;
  return text.slice(from, to);
}

/** Surrogates count as no signs: what is looked for among words has none. */
function isSignAt(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return kinds[unit] === 0 && (unit < 0xd800 || unit > 0xdfff);
}
