import { CLASS, classTable } from './classes.ts';

/** The end of the pre-token of UTF-8 `bytes` that begins at `from`; it is not behind `end`, and there is always one. */
export type Scan = (bytes: Uint8Array, from: number, end: number) => number;

/** What stands for a byte that begins a letter of several bytes in a table of ASCII. */
export const WIDE = 0xff;
const SPACE = 0x20;
const QUOTE = 0x27;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SLASH = 0x2f;

/** Bytes of the letter that begins with `lead`; the bytes are valid UTF-8. */
export const widthOf = (lead: number): number => (lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** The code point of several bytes at `at`. */
export function wideAt(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] as number;
  const second = (bytes[at + 1] as number) & 0x3f;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  const third = (bytes[at + 2] as number) & 0x3f;
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (second << 6) | third;
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | ((bytes[at + 3] as number) & 0x3f);
}

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
  const { wide, first } = kindsOf(plainKind);
  return (bytes, from, end) => {
    let at = from;
    let lead = bytes[at] as number;
    if (lead === QUOTE) {
      const length = contraction(bytes, at, end, false);
      if (length > 0) return at + length;
    }
    if (lead === SPACE && at + 1 < end) {
      lead = bytes[++at] as number;
    }
    let kind = first[lead] as number;
    let width = 1;
    if (kind === WIDE) {
      kind = wide[wideAt(bytes, at)] as number;
      width = widthOf(lead);
    }
    if (kind === WHITE) return whiteSpace(bytes, from, end, wide, first);
    for (at += width; at < end; ) {
      const byte = bytes[at] as number;
      const next = first[byte] as number;
      if (next === kind) at++;
      else if (next === WIDE && wide[wideAt(bytes, at)] === kind) at += widthOf(byte);
      else break;
    }
    return at;
  };
}

/** `\s+(?!\S)|\s+`: a run of white space, without its last letter where something else follows and it has another. */
function whiteSpace(
  bytes: Uint8Array,
  from: number,
  end: number,
  wide: Uint8Array,
  first: Uint8Array,
): number {
  let last = from;
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    const kind = first[byte] as number;
    if (kind === WHITE) {
      last = at;
      at++;
    } else if (kind === WIDE && wide[wideAt(bytes, at)] === WHITE) {
      last = at;
      at += widthOf(byte);
    } else return last > from ? last : at;
  }
  return at;
}

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
  const { wide, first } = kindsOf(plainKind);
  const letters = (bytes: Uint8Array, from: number, end: number): number => {
    let at = from;
    while (at < end) {
      const byte = bytes[at] as number;
      const kind = first[byte] as number;
      if (kind === LETTER) at++;
      else if (kind === WIDE && wide[wideAt(bytes, at)] === LETTER) at += widthOf(byte);
      else break;
    }
    return at;
  };
  return (bytes, from, end) => {
    const lead = bytes[from] as number;
    if (lead === QUOTE) {
      const length = contraction(bytes, from, end, true);
      if (length > 0) return from + length;
    }
    let kind = first[lead] as number;
    let width = 1;
    if (kind === WIDE) {
      kind = wide[wideAt(bytes, from)] as number;
      width = widthOf(lead);
    }
    if (kind === LETTER) return letters(bytes, from + width, end);
    if (kind === NUMBER) return numbersFrom(bytes, from, end, numbers, wide, first);
    if (lead !== NEWLINE && lead !== RETURN) {
      const behind = letters(bytes, from + width, end);
      if (behind > from + width) return behind;
    }
    if (kind === REST) return restFrom(bytes, from, end, wide, first, false);
    if (lead === SPACE) {
      const behind = restFrom(bytes, from + 1, end, wide, first, false);
      if (behind > from + 1) return behind;
    }
    return lines(bytes, from, end, wide, first);
  };
}

/** `\p{N}{1,most}` */
function numbersFrom(
  bytes: Uint8Array,
  from: number,
  end: number,
  most: number,
  wide: Uint8Array,
  first: Uint8Array,
): number {
  let at = from;
  for (let count = 0; count < most && at < end; count++) {
    const byte = bytes[at] as number;
    const kind = first[byte] as number;
    if (kind === NUMBER) at++;
    else if (kind === WIDE && wide[wideAt(bytes, at)] === NUMBER) at += widthOf(byte);
    else break;
  }
  return at;
}

/** `[^\s\p{L}\p{N}]+[\r\n]*`, and slashes among the newlines where the pattern says so; `from` if there is nothing. */
function restFrom(
  bytes: Uint8Array,
  from: number,
  end: number,
  wide: Uint8Array,
  first: Uint8Array,
  slashes: boolean,
): number {
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    const kind = first[byte] as number;
    if (kind === REST) at++;
    else if (kind === WIDE && wide[wideAt(bytes, at)] === REST) at += widthOf(byte);
    else break;
  }
  if (at === from) return from;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte !== NEWLINE && byte !== RETURN && !(slashes && byte === SLASH)) break;
    at++;
  }
  return at;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: white space up to its last newline; without one, as GPT-2 takes it. */
function lines(bytes: Uint8Array, from: number, end: number, wide: Uint8Array, first: Uint8Array): number {
  let newline = from;
  let last = from;
  let at = from;
  while (at < end) {
    const byte = bytes[at] as number;
    const kind = first[byte] as number;
    if (kind === WHITE) {
      last = at;
      at++;
      if (byte === NEWLINE || byte === RETURN) newline = at;
    } else if (kind === WIDE && wide[wideAt(bytes, at)] === WHITE) {
      last = at;
      at += widthOf(byte);
    } else {
      if (newline > from) return newline;
      return last > from ? last : at;
    }
  }
  return newline > from ? newline : at;
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
  const kindAt = (bytes: Uint8Array, at: number): number => {
    const kind = cased.first[bytes[at] as number] as number;
    return kind === WIDE ? (cased.wide[wideAt(bytes, at)] as number) : kind;
  };
  const stepAt = (bytes: Uint8Array, at: number): number => {
    const byte = bytes[at] as number;
    return byte < 0x80 ? 1 : widthOf(byte);
  };
  const isUpper = (kind: number): boolean => kind === UPPER || kind >= BOTH;
  const isLower = (kind: number): boolean => kind >= LOWER && kind !== UPPER;
  /** End of `U*W+` at `from`, or -1. */
  function lowered(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    /** Behind the last letter of both cases: where `U*` gives back as little as it must. */
    let both = -1;
    while (at < end) {
      const kind = kindAt(bytes, at);
      if (!isUpper(kind)) break;
      at += stepAt(bytes, at);
      if (kind >= BOTH) both = at;
    }
    let behind = at;
    while (behind < end && isLower(kindAt(bytes, behind))) behind += stepAt(bytes, behind);
    return behind > at ? behind : both;
  }
  /** End of `U+W*` at `from`, or -1; `U*W+` has failed there, so that no letter of lower case follows. */
  function raised(bytes: Uint8Array, from: number, end: number): number {
    let at = from;
    while (at < end && isUpper(kindAt(bytes, at))) at += stepAt(bytes, at);
    return at > from ? at : -1;
  }
  return (bytes, from, end) => {
    const lead = bytes[from] as number;
    const kind = kindAt(bytes, from);
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
    if (kind === NUMBER) return numbersFrom(bytes, from, end, numbers, plain.wide, plain.first);
    if (kind === REST || kind === MARK) return restFrom(bytes, from, end, plain.wide, plain.first, true);
    if (lead === SPACE) {
      const rest = restFrom(bytes, from + 1, end, plain.wide, plain.first, true);
      if (rest > from + 1) return rest;
    }
    return lines(bytes, from, end, plain.wide, plain.first);
  };
}
