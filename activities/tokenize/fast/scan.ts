import { CLASS, classTable } from './classes.ts';
import { wideAt, widthOf } from './utf8.ts';

/** The end of the pre-token of UTF-8 `bytes` that begins at `from`; it is not behind `end`, and there is always one. */
export type Scan = (bytes: Uint8Array, from: number, end: number) => number;

/** What stands for a byte that begins a letter of several bytes in a table of ASCII. */
export const WIDE = 0xff;
const SPACE = 0x20;
const QUOTE = 0x27;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SLASH = 0x2f;

/** A table of what a pattern makes of each class, over all code points, and over first bytes. */
interface Kinds {
  wide: Uint8Array;
  first: Uint8Array;
}
function kindsOf(kind: (letterClass: number) => number): Kinds {
  const wide = classTable().map((each) => kind(each & ~CLASS.unstable));
  const first = new Uint8Array(256).fill(WIDE);
  first.set(wide.subarray(0, 128));
  return { wide, first };
}

/** The kind of the letter at `at`. */
function kindAt(bytes: Uint8Array, at: number, { wide, first }: Kinds): number {
  const kind = first[bytes[at] as number] as number;
  return kind === WIDE ? (wide[wideAt(bytes, at)] as number) : kind;
}
/** Bytes of the letter at `at`. */
function stepAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  return byte < 0x80 ? 1 : widthOf(byte);
}
/** The end of the run of letters of one kind that begins at `from`; `from` where there is none. */
function runOf(bytes: Uint8Array, from: number, end: number, { wide, first }: Kinds, kind: number): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    const each = first[byte] as number;
    if (each === kind) at++;
    else if (each === WIDE && wide[wideAt(bytes, at)] === kind) at += widthOf(byte);
    else break;
  }
  return at;
}
/** The same of `most` letters at most. */
function fewOf(
  bytes: Uint8Array,
  from: number,
  end: number,
  kinds: Kinds,
  kind: number,
  most: number,
): number {
  let at = from;
  for (let count = 0; count < most && at < end && kindAt(bytes, at, kinds) === kind; count++) {
    at += stepAt(bytes, at);
  }
  return at;
}

/** Kinds of the patterns that know letters, numbers, white space and the rest. */
const REST = 0;
const LETTER = 1;
const NUMBER = 2;
const WHITE = 3;
const plainKind = (letterClass: number): number =>
  letterClass === CLASS.number
    ? NUMBER
    : letterClass === CLASS.space
      ? WHITE
      : letterClass === CLASS.other || letterClass === CLASS.mark
        ? REST
        : LETTER;

/** Length of 's 't 're 've 'm 'll 'd at a quote, 0 if it is none of them. Without case, ſ is an s as well. */
function contraction(bytes: Uint8Array, at: number, end: number, anyCase: boolean): number {
  if (at + 1 >= end) return 0;
  const fold = anyCase ? 0x20 : 0;
  const one = (bytes[at + 1] as number) | fold;
  if (one === 0x73 || one === 0x74 || one === 0x6d || one === 0x64) return 2;
  if (at + 2 >= end) return 0;
  const two = (bytes[at + 2] as number) | fold;
  if (two === 0x65 && (one === 0x72 || one === 0x76)) return 3;
  if (two === 0x6c && one === 0x6c) return 3;
  return anyCase && bytes[at + 1] === 0xc5 && bytes[at + 2] === 0xbf ? 3 : 0;
}

/** GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` */
export function scanGpt2(): Scan {
  const kinds = kindsOf(plainKind);
  return (bytes, from, end) => {
    if (bytes[from] === QUOTE) {
      const length = contraction(bytes, from, end, false);
      if (length > 0) return from + length;
    }
    const at = bytes[from] === SPACE && from + 1 < end ? from + 1 : from;
    const kind = kindAt(bytes, at, kinds);
    if (kind === WHITE) return whiteSpace(bytes, from, end, kinds);
    return runOf(bytes, at + stepAt(bytes, at), end, kinds, kind);
  };
}

/** `\s+(?!\S)|\s+`: a run of white space, without its last letter where something else follows and it has another. */
function whiteSpace(bytes: Uint8Array, from: number, end: number, kinds: Kinds): number {
  const behind = runOf(bytes, from, end, kinds, WHITE);
  if (behind === end) return end;
  let last = behind - 1;
  while (isPartOfLetter(bytes[last] as number)) last--;
  return last > from ? last : behind;
}

/** Whether a byte goes on with a letter. */
const isPartOfLetter = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** In what the patterns of GPT-4's family differ. */
export interface LaterPattern {
  /** Numbers in a pre-token at most. */
  numbers: number;
}

/**
 * GPT-4's family (Llama 3 with three numbers, Qwen 2 with one):
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export function scanLater({ numbers }: LaterPattern): Scan {
  const kinds = kindsOf(plainKind);
  return (bytes, from, end) => {
    const lead = bytes[from] as number;
    if (lead === QUOTE) {
      const length = contraction(bytes, from, end, true);
      if (length > 0) return from + length;
    }
    const kind = kindAt(bytes, from, kinds);
    if (kind === LETTER) return runOf(bytes, from, end, kinds, LETTER);
    if (kind === NUMBER) return fewOf(bytes, from, end, kinds, NUMBER, numbers);
    if (lead !== NEWLINE && lead !== RETURN) {
      const start = from + stepAt(bytes, from);
      const behind = runOf(bytes, start, end, kinds, LETTER);
      if (behind > start) return behind;
    }
    return restOrLines(bytes, from, end, kinds, kind, false);
  };
}

/** ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, with slashes among the newlines behind the rest where the pattern says so. */
function restOrLines(
  bytes: Uint8Array,
  from: number,
  end: number,
  kinds: Kinds,
  kind: number,
  slashes: boolean,
): number {
  const start = bytes[from] === SPACE ? from + 1 : from;
  if (kind === REST || start > from) {
    const behind = runOf(bytes, start, end, kinds, REST);
    if (behind > start) return newlines(bytes, behind, end, slashes);
  }
  const behind = runOf(bytes, from, end, kinds, WHITE);
  for (let at = behind - 1; at >= from; at--) {
    if (bytes[at] === NEWLINE || bytes[at] === RETURN) return at + 1;
  }
  return whiteSpace(bytes, from, end, kinds);
}

/** `[\r\n]*`, or `[\r\n/]*` */
function newlines(bytes: Uint8Array, from: number, end: number, slashes: boolean): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte !== NEWLINE && byte !== RETURN && !(slashes && byte === SLASH)) break;
    at++;
  }
  return at;
}

/** Kinds of GPT-4o's pattern: letters by case. */
const UPPER = 4;
const LOWER = 5;
const BOTH = 6;
const MARK = 7;
const casedKind = (letterClass: number): number =>
  letterClass === CLASS.number
    ? NUMBER
    : letterClass === CLASS.space
      ? WHITE
      : letterClass === CLASS.upper
        ? UPPER
        : letterClass === CLASS.lower
          ? LOWER
          : letterClass === CLASS.caseless
            ? BOTH
            : letterClass === CLASS.mark
              ? MARK
              : REST;

/**
 * GPT-4o, and Mistral NeMo with one number and no contractions, where U stands for `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, W for `[\p{Ll}\p{Lm}\p{Lo}\p{M}]` and C for the contractions:
 * `[^\r\n\p{L}\p{N}]?U*W+C?|[^\r\n\p{L}\p{N}]?U+W*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export function scanGpt4o({ numbers, contractions }: LaterPattern & { contractions: boolean }): Scan {
  const cased = kindsOf(casedKind);
  const plain = kindsOf(plainKind);
  const isUpper = (kind: number): boolean => kind === UPPER || kind >= BOTH;
  const isLower = (kind: number): boolean => kind >= LOWER && kind !== UPPER;
  /** End of `U*W+` at `from`, or -1. */
  function lowered(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    /** Behind the last letter of both cases: where `U*` gives back as little as it must. */
    let both = -1;
    while (at < end) {
      const kind = kindAt(bytes, at, cased);
      if (!isUpper(kind)) break;
      at += stepAt(bytes, at);
      if (kind >= BOTH) both = at;
    }
    let behind = at;
    while (behind < end && isLower(kindAt(bytes, behind, cased))) behind += stepAt(bytes, behind);
    return behind > at ? behind : both;
  }
  /** End of `U+W*` at `from`, or -1; `U*W+` has failed there, so that no letter of lower case follows. */
  function raised(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && isUpper(kindAt(bytes, at, cased))) at += stepAt(bytes, at);
    return at > from ? at : -1;
  }
  return (bytes, from, end) => {
    const lead = bytes[from] as number;
    const kind = kindAt(bytes, from, cased);
    const width = stepAt(bytes, from);
    const prefix = lead !== NEWLINE && lead !== RETURN && (kind === REST || kind === WHITE || kind === MARK);
    const letter = kind >= UPPER;
    let behind = -1;
    if (prefix) behind = lowered(bytes, from + width, end);
    if (behind < 0 && letter) behind = lowered(bytes, from, end);
    if (behind < 0 && prefix) behind = raised(bytes, from + width, end);
    if (behind < 0 && letter) behind = raised(bytes, from, end);
    if (behind >= 0) {
      return contractions && behind < end && bytes[behind] === QUOTE
        ? behind + contraction(bytes, behind, end, true)
        : behind;
    }
    if (kind === NUMBER) return fewOf(bytes, from, end, plain, NUMBER, numbers);
    return restOrLines(bytes, from, end, plain, kind === MARK ? REST : kind, true);
  };
}
