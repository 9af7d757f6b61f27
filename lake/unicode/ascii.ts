import { asciiOf, roomFor } from './units.ts';

/* Four bytes are worked on at once, as one number: each constant says the same of all four. */
const SPACES = 0x20202020;
const HIGH_BITS = 0x80808080 | 0;

const SPACE = 0x20;

/**
 * `foldSpace(lowerCase(nfkc(text)))` of a text that is ASCII alone, which most are: nothing composes there, so that one
 * pass does it. Undefined for other texts.
 */
export function foldAscii(text: string): string | undefined {
  const bytes = asciiOf(text);
  if (bytes === undefined) return undefined;
  const { length } = text;
  const room = roomFor(length);
  const out = Buffer.from(room.buffer, room.byteOffset, room.byteLength);
  const from = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const to = new DataView(room.buffer, room.byteOffset, room.byteLength);
  let n = 0;
  /** The last one written was a space; so are all before the first. */
  let spaced = 1;
  for (let i = 0; i < length; ) {
    if (i + 4 <= length) {
      const four = from.getInt32(i, true);
      // The upper bit of each byte, which ASCII leaves free, says: a space; no control character; a capital.
      const spaces = ~((four ^ SPACES) + 0x7f7f7f7f) & HIGH_BITS;
      const printable = (four + 0x60606060) & HIGH_BITS;
      if ((spaces & ((spaces << 8) | (spaced << 7))) === 0 && printable === HIGH_BITS) {
        const capitals = (four + 0x3f3f3f3f) & ~(four + 0x25252525) & HIGH_BITS;
        to.setInt32(n, four | (capitals >>> 2), true);
        n += 4;
        i += 4;
        spaced = spaces >>> 31;
        continue;
      }
    }
    const end = Math.min(i + 4, length);
    for (; i < end; i++) {
      const byte = bytes[i] as number;
      if (byte === SPACE || (byte >= 9 && byte <= 13)) {
        if (spaced === 0) out[n++] = SPACE;
        spaced = 1;
      } else {
        out[n++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
        spaced = 0;
      }
    }
  }
  return out.toString('latin1', 0, n > 0 ? n - spaced : 0);
}
