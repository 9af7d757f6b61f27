import { foldAscii } from './ascii.ts';
import { composeSegment, needsWork } from './compose.ts';
import { combiningClasses, composites, decompositions, lowerCases, whiteSpace } from './tables.ts';
import { roomFor, unitsOf } from './units.ts';

export { UNICODE_VERSION } from './tables.ts';

/** Bits of a code unit or code point. Of a leading surrogate: what any code point behind it has. */
const COMPOSE = 1;
const SPACE = 2;
/** Lower case is not one code unit for one. */
const LONG = 4;
const kinds = new Uint8Array(0x110000);

/** One code unit for one: identity but for lower case, white space to U+0020, or both. */
const lowered = Uint16Array.from({ length: 0x10000 }, (_, unit) => unit);
const spaced = lowered.slice();
for (const unit of whiteSpace.keys()) {
  mark(unit, SPACE);
  spaced[unit] = 0x20;
}
const both = spaced.slice();
for (const [code, [lower = 0, ...more]] of lowerCases) {
  if (code > 0xffff || lower > 0xffff || more.length > 0) {
    mark(code, LONG);
  } else {
    lowered[code] = lower;
    both[code] = lower;
  }
}
for (const table of [decompositions, combiningClasses]) {
  for (const code of table.keys()) if (needsWork(code)) mark(code, COMPOSE);
}
for (const [, second = 0] of composites.values()) mark(second, COMPOSE);
for (let jamo = 0x1161; jamo < 0x11c3; jamo++) if (needsWork(jamo)) mark(jamo, COMPOSE);

function mark(code: number, kind: number): void {
  kinds[code] = (kinds[code] ?? 0) | kind;
  if (code > 0xffff) mark(leadOf(code), kind);
}

function leadOf(code: number): number {
  return 0xd800 + ((code - 0x10000) >> 10);
}

/** Whether what stands at `at` of the text has the kind COMPOSE. A lone surrogate has not. */
function composesAt(text: string, at: number): boolean {
  const code = text.codePointAt(at) as number;
  return (code < 0xd800 || code > 0xdfff) && ((kinds[code] as number) & COMPOSE) !== 0;
}

/** Unicode normalisation form KC by our tables. Lone surrogates stay as they are. */
export function nfkc(text: string): string {
  const units = unitsOf(text);
  let at = nextComposing(units, text.length, 0);
  if (at === text.length) return text;
  const pieces: string[] = [];
  let copied = 0;
  while (at < text.length) {
    if (!composesAt(text, at)) {
      at = nextComposing(units, text.length, at + 1);
      continue;
    }
    const start = Math.max(copied, before(text, at));
    const codes: number[] = [];
    let end = start;
    while (end < text.length && (end <= at || composesAt(text, end))) {
      const code = text.codePointAt(end) as number;
      codes.push(code);
      end += code > 0xffff ? 2 : 1;
    }
    pieces.push(text.slice(copied, start), fromCodePoints(composeSegment(codes)));
    copied = end;
    at = nextComposing(units, text.length, end);
  }
  return pieces.join('') + text.slice(copied);
}

/** The next code unit from `at` that may be of the kind COMPOSE, or `length`. */
function nextComposing(units: Uint16Array, length: number, at: number): number {
  let i = at;
  while (i < length && ((kinds[units[i] as number] as number) & COMPOSE) === 0) i++;
  return i;
}

/** Where the code point before `at` begins; 0 at the beginning. */
function before(text: string, at: number): number {
  if (at === 0) return 0;
  return at > 1 && (text.codePointAt(at - 2) as number) > 0xffff ? at - 2 : at - 1;
}

function fromCodePoints(codes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < codes.length; i += 4096) text += String.fromCodePoint(...codes.slice(i, i + 4096));
  return text;
}

/**
 * Lower case of every code point by itself: the full unconditional mappings (İ gives i and a dot above). No language
 * and no context: a final Σ gives σ, where JavaScript's `toLowerCase` gives ς.
 */
export function lowerCase(text: string): string {
  return rewrite(text, lowered, LONG, 0);
}

/** Runs of White_Space become one U+0020; none at the beginning and the end. */
export function foldSpace(text: string): string {
  return rewrite(text, spaced, 0, SPACE);
}

/** What two documents must have in common to be exact duplicates: `foldSpace(lowerCase(nfkc(text)))`. */
export function normaliseForDedupe(text: string): string {
  return foldAscii(text) ?? rewrite(nfkc(text), both, LONG, SPACE);
}

/**
 * One pass over code units: each becomes `map[unit]`, but those of the kind `long` their own lower case, and of several
 * of the kind `space` in a row one is left, none at the ends. The common way has no branch: words are short.
 */
function rewrite(text: string, map: Uint16Array, long: number, space: number): string {
  const units = unitsOf(text);
  const { length } = text;
  const out = roomFor(length * 2);
  let n = 0;
  let all = 0;
  let previous = space;
  for (let i = 0; i < length; i++) {
    const unit = units[i] as number;
    const kind = kinds[unit] as number;
    if ((kind & long) !== 0) {
      const code = text.codePointAt(i) as number;
      const end = writeLower(code, out, n);
      while (n < end) all |= out[n++] as number;
      if (code > 0xffff) i++;
      previous = 0;
      continue;
    }
    const to = map[unit] as number;
    const isSpace = kind & space;
    out[n] = to;
    all |= to;
    n += 1 - ((isSpace & previous) >> 1);
    previous = isSpace;
  }
  if (n > 0 && previous !== 0) n--;
  return fromUnits(out.subarray(0, n), all > 0xff);
}

/** Writes the lower case of a code point that is more than one code unit, or may have none; gives the new end. */
function writeLower(code: number, out: Uint16Array, end: number): number {
  let n = end;
  for (const lower of lowerCases.get(code) ?? [code]) {
    if (lower > 0xffff) {
      out[n++] = leadOf(lower);
      out[n++] = 0xdc00 + (lower & 0x3ff);
    } else {
      out[n++] = lower;
    }
  }
  return n;
}

/** The string of code units: one byte each where they allow it. */
function fromUnits(units: Uint16Array, wide: boolean): string {
  if (wide) return Buffer.from(units.buffer, units.byteOffset, units.byteLength).toString('utf16le');
  const bytes = Buffer.allocUnsafe(units.length);
  bytes.set(units);
  return bytes.toString('latin1');
}
