import { type Finder, openFinder } from './added.ts';
import { isStable } from './classes.ts';
import type { FastModel } from './model.ts';
import { openWords, type Words } from './words.ts';

/** Tokens of a text: `ends` are offsets in its UTF-8 bytes. */
export interface FastEncoded {
  ids: Uint32Array;
  ends: Uint32Array;
}

/** Bytes that are kept for a text, and tokens for several; a longer text has a memory of its own, for as long as it takes. */
const KEPT = 4 * 2 ** 20;
/** The most of both: a memory has 4 GB. */
const MOST = 2 ** 28;
/** Room before a text, for a space in front of it. */
const FRONT = 1;
const SPACE = 0x20;

/**
 * Tokenizes by a model that is proved: pre-tokens are cut by class tables, and looked up as bytes. Gives null for a text
 * that the model leaves to the slow way. Tokens of several texts lie in one buffer.
 */
export function openFast(model: FastModel): (texts: readonly string[]) => (FastEncoded | null)[] {
  const { prefix, prefixOnce } = model;
  const finders = [model.added, model.addedLater].filter((some) => some.length > 0).map(openFinder);
  const kept = openWords(model, KEPT);

  /** Puts the tokens of words behind `count` others; returns how many there are then. */
  function words({ text, ends, putWords }: Words, from: number, end: number, count: number): number {
    const missing = text[from] !== SPACE;
    const prefixed =
      (prefix === 'always' || (prefix === 'missing' && missing)) && !(prefixOnce && from > FRONT);
    if (!prefixed) return putWords(from, end, FRONT, count);
    const before = text[from - 1] as number;
    text[from - 1] = SPACE;
    const after = putWords(from - 1, end, FRONT, count);
    text[from - 1] = before;
    // A space that is a token by itself ends with the first letter in the library: here within it, as the letter's own parts may.
    if (ends[count] === from - FRONT) ends[count] = from - FRONT + 1;
    return after;
  }

  /** Words between added tokens; those that the first finder finds, then in what is left those of the next. */
  function pieces(to: Words, from: number, end: number, depth: number, before: number): number {
    const finder: Finder | undefined = finders[depth];
    let count = before;
    let at = from;
    while (at < end) {
      const token = finder?.find(to.text, at, end) ? finder.token : undefined;
      const stop = token === undefined ? end : (finder?.at as number);
      if (stop > at) {
        count =
          depth + 1 < finders.length ? pieces(to, at, stop, depth + 1, count) : words(to, at, stop, count);
      }
      if (token === undefined) break;
      at = stop + token.bytes.length;
      to.ids[count] = token.id;
      to.ends[count++] = at - FRONT;
    }
    return count;
  }

  /** Puts the tokens of a text behind `count` others; returns how many there are then, -1 for a text that is for the slow way. */
  function put(to: Words, text: string, count: number): number {
    const end = FRONT + to.text.write(text, FRONT, 'utf8');
    if (model.normalized && !isStable(to.text, FRONT, end)) return -1;
    if (model.spaceLetter && to.text.subarray(0, end).includes(SPACE_LETTER_BYTES)) return -1;
    return pieces(to, FRONT, end, 0, count);
  }

  return (texts) => {
    const encoded: (FastEncoded | null)[] = [];
    let to = kept;
    /** Where the tokens of each text end that are not taken out yet; -1: none. */
    let pending: number[] = [];
    let count = 0;
    function take(): void {
      const ids = to.ids.slice(0, count);
      const ends = to.ends.slice(0, count);
      let from = 0;
      for (const end of pending) {
        encoded.push(end < 0 ? null : { ids: ids.subarray(from, end), ends: ends.subarray(from, end) });
        if (end >= 0) from = end;
      }
      pending = [];
      count = 0;
    }
    for (const text of texts) {
      const most = roomFor(text);
      if (count + most > KEPT) take();
      if (most > KEPT && most <= MOST) to = openWords(model, most);
      const end = most > MOST ? -1 : put(to, text, count);
      pending.push(end);
      if (end >= 0) count = end;
      if (to !== kept) {
        take();
        to = kept;
      }
    }
    take();
    return encoded;
  };
}

/** Bytes and tokens of a text at most: a letter is up to three bytes for each of its units, and behind each added token a space may come in between. */
function roomFor(text: string): number {
  const most = FRONT + text.length * 3;
  return most <= KEPT ? most : 2 * (FRONT + Buffer.byteLength(text));
}

/** U+2581. */
const SPACE_LETTER_BYTES = Buffer.from('\u2581');
