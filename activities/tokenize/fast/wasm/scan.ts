import { BOTH, LETTER, LOWER, MARK, NUMBER, REST, UPPER, WHITE, WIDE } from './kinds';
import { CASED, CLASSES, PAIRS, PLAIN } from './layout';

// Each function is told where a pre-token of UTF-8 begins and where the text ends, and returns where the pre-token ends; there is always one.

const SPACE: u32 = 0x20;
const QUOTE: u32 = 0x27;
const NEWLINE: u32 = 0x0a;
const RETURN: u32 = 0x0d;
const SLASH: u32 = 0x2f;
/** What stands for every letter behind ASCII in the table of neighbours. */
const BEYOND: u32 = 0x80;
const NONE: usize = 0;

/** Bytes of the letter at `at`; the bytes are valid UTF-8. */
function stepAt(at: usize): usize {
  const byte: u32 = load<u8>(at);
  return byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** The code point of several bytes at `at`. */
function wideAt(at: usize): u32 {
  const lead: u32 = load<u8>(at);
  const second: u32 = <u32>load<u8>(at, 1) & 0x3f;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second;
  const third: u32 = <u32>load<u8>(at, 2) & 0x3f;
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | (second << 6) | third;
  return ((lead & 0x07) << 18) | (second << 12) | (third << 6) | (<u32>load<u8>(at, 3) & 0x3f);
}

/** The kind of the letter of several bytes at `at`: behind the kinds of first bytes are those of classes. */
function wideKindAt(at: usize, kinds: usize): i32 {
  return load<u8>(kinds + load<u8>(CLASSES + wideAt(at)), 256);
}

/** The kind of the letter at `at`. */
function kindAt(at: usize, kinds: usize): i32 {
  const kind: i32 = load<u8>(kinds + load<u8>(at));
  return kind === WIDE ? wideKindAt(at, kinds) : kind;
}

/** The end of the run of letters of one kind that begins at `from`; `from` where there is none. */
function runOf(from: usize, end: usize, kinds: usize, kind: i32): usize {
  let at = from;
  while (at < end) {
    const each: i32 = load<u8>(kinds + load<u8>(at));
    if (each === kind) at++;
    else if (each === WIDE && wideKindAt(at, kinds) === kind) at += stepAt(at);
    else break;
  }
  return at;
}

/** The same of `most` letters at most. */
function fewOf(from: usize, end: usize, kinds: usize, kind: i32, most: u32): usize {
  let at = from;
  for (let count: u32 = 0; count < most && at < end && kindAt(at, kinds) === kind; count++) at += stepAt(at);
  return at;
}

/** Length of 's 't 're 've 'm 'll 'd at a quote, 0 if it is none of them. Without case, ſ is an s as well. */
function contraction(at: usize, end: usize, anyCase: bool): usize {
  if (at + 1 >= end) return 0;
  const fold: u32 = anyCase ? 0x20 : 0;
  const one: u32 = <u32>load<u8>(at, 1) | fold;
  if (one === 0x73 || one === 0x74 || one === 0x6d || one === 0x64) return 2;
  if (at + 2 >= end) return 0;
  const two: u32 = <u32>load<u8>(at, 2) | fold;
  if (two === 0x65 && (one === 0x72 || one === 0x76)) return 3;
  if (two === 0x6c && one === 0x6c) return 3;
  return anyCase && load<u8>(at, 1) === 0xc5 && load<u8>(at, 2) === 0xbf ? 3 : 0;
}

/** GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` */
export function scanGpt2(from: usize, end: usize): usize {
  const lead: u32 = load<u8>(from);
  if (lead === QUOTE) {
    const length = contraction(from, end, false);
    if (length > 0) return from + length;
  }
  const at = lead === SPACE && from + 1 < end ? from + 1 : from;
  const kind = kindAt(at, PLAIN);
  if (kind === WHITE) return whiteSpace(from, end);
  return runOf(at + stepAt(at), end, PLAIN, kind);
}

/** `\s+(?!\S)|\s+`: a run of white space, without its last letter where something else follows and it has another. */
function whiteSpace(from: usize, end: usize): usize {
  const behind = runOf(from, end, PLAIN, WHITE);
  if (behind === end) return end;
  let last = behind - 1;
  while ((load<u8>(last) & 0xc0) === 0x80) last--;
  return last > from ? last : behind;
}

/**
 * GPT-4's family (Llama 3 with three numbers, Qwen 2 with one):
 * `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export function scanLater(from: usize, end: usize, numbers: u32): usize {
  const lead: u32 = load<u8>(from);
  if (lead === QUOTE) {
    const length = contraction(from, end, true);
    if (length > 0) return from + length;
  }
  const kind = kindAt(from, PLAIN);
  if (kind === LETTER) return runOf(from, end, PLAIN, LETTER);
  if (kind === NUMBER) return fewOf(from, end, PLAIN, NUMBER, numbers);
  if (lead !== NEWLINE && lead !== RETURN) {
    const start = from + stepAt(from);
    const behind = runOf(start, end, PLAIN, LETTER);
    if (behind > start) return behind;
  }
  return restOrLines(from, end, kind, false);
}

/** ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`, with slashes among the newlines behind the rest where the pattern says so. */
function restOrLines(from: usize, end: usize, kind: i32, slashes: bool): usize {
  const start = load<u8>(from) === SPACE ? from + 1 : from;
  if (kind === REST || start > from) {
    const behind = runOf(start, end, PLAIN, REST);
    if (behind > start) return newlines(behind, end, slashes);
  }
  const behind = runOf(from, end, PLAIN, WHITE);
  for (let at = behind; at > from; at--) {
    const byte: u32 = load<u8>(at - 1);
    if (byte === NEWLINE || byte === RETURN) return at;
  }
  return whiteSpace(from, end);
}

/** `[\r\n]*`, or `[\r\n/]*` */
function newlines(from: usize, end: usize, slashes: bool): usize {
  let at = from;
  while (at < end) {
    const byte: u32 = load<u8>(at);
    if (byte !== NEWLINE && byte !== RETURN && !(slashes && byte === SLASH)) break;
    at++;
  }
  return at;
}

function isUpper(kind: i32): bool {
  return kind === UPPER || kind >= BOTH;
}
function isLower(kind: i32): bool {
  return kind >= LOWER;
}

/** End of `U*W+` at `from`, or NONE. */
function lowered(from: usize, end: usize): usize {
  let at = from;
  /** Behind the last letter of both cases: where `U*` gives back as little as it must. */
  let both = NONE;
  while (at < end) {
    const kind = kindAt(at, CASED);
    if (!isUpper(kind)) break;
    at += stepAt(at);
    if (kind >= BOTH) both = at;
  }
  let behind = at;
  while (behind < end && isLower(kindAt(behind, CASED))) behind += stepAt(behind);
  return behind > at ? behind : both;
}

/** End of `U+W*` at `from`, or NONE; `U*W+` has failed there, so that no letter of lower case follows. */
function raised(from: usize, end: usize): usize {
  let at = from;
  while (at < end && isUpper(kindAt(at, CASED))) at += stepAt(at);
  return at > from ? at : NONE;
}

/**
 * GPT-4o, and Mistral NeMo with one number and no contractions, where U stands for `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`, W for `[\p{Ll}\p{Lm}\p{Lo}\p{M}]` and C for the contractions:
 * `[^\r\n\p{L}\p{N}]?U*W+C?|[^\r\n\p{L}\p{N}]?U+W*C?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
 */
export function scanGpt4o(from: usize, end: usize, numbers: u32, contractions: bool): usize {
  const lead: u32 = load<u8>(from);
  const kind = kindAt(from, CASED);
  const next = from + stepAt(from);
  const prefix = lead !== NEWLINE && lead !== RETURN && (kind === REST || kind === WHITE || kind === MARK);
  const letter = kind >= UPPER;
  let behind = NONE;
  if (prefix) behind = lowered(next, end);
  if (behind === NONE && letter) behind = lowered(from, end);
  if (behind === NONE && prefix) behind = raised(next, end);
  if (behind === NONE && letter) behind = raised(from, end);
  if (behind !== NONE) {
    return contractions && behind < end && load<u8>(behind) === QUOTE
      ? behind + contraction(behind, end, true)
      : behind;
  }
  if (kind === NUMBER) return fewOf(from, end, PLAIN, NUMBER, numbers);
  return restOrLines(from, end, kind === MARK ? REST : kind, true);
}

/** Cuts between any two letters that no merge has side by side. */
export function scanNeighbours(from: usize, end: usize): usize {
  let at = from + stepAt(from);
  let before = min(<u32>load<u8>(from), BEYOND);
  while (at < end) {
    const byte: u32 = load<u8>(at);
    const each = min(byte, BEYOND);
    if (load<u8>(PAIRS + ((before << 8) | each)) === 0) break;
    before = each;
    at += byte < BEYOND ? 1 : stepAt(at);
  }
  return at;
}
