/** Matches are found at least this far from the end. */
const MARGIN = 15;
const MAX_HASH_BITS = 14;
const HASH_FACTOR = 0x1e35a7bd;
const MAX_OFFSET = 0xffff;
/** Literals up to this size are copied byte by byte: a call would take longer. */
const SHORT = 24;

/**
 * Packs bytes as Snappy: the same bytes as hyparquet-writer makes (a property test), in half the time and less. Room for the worst case is
 * there from the start, and four bytes are looked at as one number.
 */
export function packSnappy(input: Uint8Array): Uint8Array {
  const { length } = input;
  const words = new DataView(input.buffer, input.byteOffset, length);
  const out = new Uint8Array(32 + length + Math.ceil(length / 6));
  let bits = 0;
  while (bits < MAX_HASH_BITS && 2 << bits <= length) bits++;
  const places = new Uint32Array(1 << bits);
  const place = (word: number): number => Math.imul(word, HASH_FACTOR) >>> (32 - bits);
  const limit = length - MARGIN;
  let put = putLength(out, length);
  /** What is before is packed. */
  let done = 0;
  for (let at = 1; at <= limit; at++) {
    let from = 0;
    // The longer nothing is found, the less closely is looked.
    for (let skip = 32; at <= limit; at += skip++ >>> 5) {
      const word = words.getInt32(at, true);
      const slot = place(word);
      from = places[slot] as number;
      places[slot] = at;
      if (at - from <= MAX_OFFSET && words.getInt32(from, true) === word) break;
    }
    if (at > limit) break;
    put = putLiteral(out, put, input, done, at);
    for (;;) {
      const size = matching(words, from, at);
      put = putCopies(out, put, at - from, size);
      at += size;
      done = at;
      if (at >= limit) break;
      places[place(words.getInt32(at - 1, true))] = at - 1;
      const word = words.getInt32(at, true);
      const slot = place(word);
      from = places[slot] as number;
      places[slot] = at;
      if (at - from > MAX_OFFSET || words.getInt32(from, true) !== word) break;
    }
    if (at >= limit) break;
  }
  if (done < length) put = putLiteral(out, put, input, done, length);
  return out.subarray(0, put);
}

/** How many bytes are the same from two places on, the first four being so. */
function matching(words: DataView, from: number, at: number): number {
  const room = words.byteLength - at;
  let size = 4;
  while (size + 4 <= room && words.getInt32(at + size) === words.getInt32(from + size)) size += 4;
  while (size < room && words.getUint8(at + size) === words.getUint8(from + size)) size++;
  return size;
}

function putLength(out: Uint8Array, length: number): number {
  let put = 0;
  let rest = length;
  for (; rest >= 0x80; rest >>>= 7) out[put++] = (rest & 0x7f) | 0x80;
  out[put++] = rest;
  return put;
}

function putLiteral(out: Uint8Array, start: number, input: Uint8Array, from: number, end: number): number {
  let put = start;
  const size = end - from;
  const last = size - 1;
  if (size <= 60) {
    out[put++] = last << 2;
  } else {
    const bytes = last < 2 ** 8 ? 1 : last < 2 ** 16 ? 2 : last < 2 ** 24 ? 3 : 4;
    out[put++] = (59 + bytes) << 2;
    for (let i = 0; i < bytes; i++) out[put++] = last >>> (8 * i);
  }
  if (size > SHORT) out.set(input.subarray(from, end), put);
  else for (let i = 0; i < size; i++) out[put + i] = input[from + i] as number;
  return put + size;
}

/** A match as copies of at most 64 bytes, none shorter than four. */
function putCopies(out: Uint8Array, start: number, offset: number, size: number): number {
  let put = start;
  for (let rest = size; rest > 0; ) {
    const take = rest >= 68 ? 64 : rest > 64 ? 60 : rest;
    rest -= take;
    if (take < 12 && offset < 2048) {
      out[put++] = 1 + ((take - 4) << 2) + ((offset >>> 8) << 5);
      out[put++] = offset;
    } else {
      out[put++] = 2 + ((take - 1) << 2);
      out[put++] = offset;
      out[put++] = offset >>> 8;
    }
  }
  return put;
}
