/** Room is kept from one text to the next while it is no larger than this many code units. */
const KEPT = 1 << 18;

let units = new Uint16Array(KEPT);
let bytes = Buffer.from(units.buffer);
let out = new Uint16Array(2 * KEPT);

/**
 * The UTF-16 code units of a text, in room that the next call uses again: typed arrays are read much faster than
 * strings. What lies behind the text's length is left from others.
 */
export function unitsOf(text: string): Uint16Array {
  makeRoom(text.length);
  bytes.write(text, 'utf16le');
  return units;
}

/** The code point at `i` of `length` code units; a surrogate without its other half is one of its own. */
export function codePointAt(units: Uint16Array, i: number, length: number): number {
  const unit = units[i] as number;
  if (unit < 0xd800 || unit > 0xdbff || i + 1 === length) return unit;
  const low = units[i + 1] as number;
  return low >= 0xdc00 && low <= 0xdfff ? ((unit - 0xd800) << 10) + low - 0xdc00 + 0x10000 : unit;
}

/** The bytes of a text that is ASCII alone, in the same room; undefined for all others: they have more bytes than code units. */
export function asciiOf(text: string): Buffer | undefined {
  makeRoom(text.length);
  return bytes.write(text, 'utf8') === text.length ? bytes : undefined;
}

function makeRoom(needed: number): void {
  const length = sizeFor(needed, units.length, KEPT);
  if (length === units.length) return;
  units = new Uint16Array(length);
  bytes = Buffer.from(units.buffer);
}

/** Room for `length` code units that are made of a text, used again by the next call. */
export function roomFor(length: number): Uint16Array {
  const size = sizeFor(length, out.length, 2 * KEPT);
  if (size !== out.length) out = new Uint16Array(size);
  return out;
}

function sizeFor(needed: number, had: number, kept: number): number {
  return needed <= had && had <= kept ? had : Math.max(kept, needed);
}
