import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { snappyCompress } from 'hyparquet-writer/src/snappy.js';
import { describe, expect, test } from 'vitest';
import { packSnappy } from '../../../lake/parquet/snappy.ts';
import { openStream } from '../../../lake/random.ts';

function unpacked(packed: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  snappyUncompress(packed, bytes);
  return bytes;
}
/** The bytes of a view that does not begin where its buffer does. */
const shifted = (bytes: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of(9, 9, 9), bytes, bytes]).subarray(3, 3 + bytes.length);
function expectSame(bytes: Uint8Array): void {
  const packed = packSnappy(shifted(bytes));
  expect(Buffer.compare(packed, snappyCompress(bytes))).toBe(0);
  expect(Buffer.compare(unpacked(packed, bytes.length), bytes)).toBe(0);
}
/** Few and many different bytes, so that there are matches of every length and distance. */
function bytesOf(length: number, kinds: number, repeat: number): Uint8Array {
  const random = openStream('test', 'snappy', `${length} ${kinds} ${repeat}`);
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; ) {
    const from = random.below(i + 1);
    const again = random.below(100) < repeat;
    for (let end = Math.min(length, i + 1 + random.below(200)); i < end; i++)
      bytes[i] = again ? (bytes[from + (i % 7)] as number) : random.below(kinds);
  }
  return bytes;
}

describe('Snappy', () => {
  test('literals and copies', () => {
    expect([...packSnappy(Uint8Array.of())]).toEqual([0]);
    expect([...packSnappy(Buffer.from('abc'))]).toEqual([3, 2 << 2, 97, 98, 99]);
    // One letter, then 99 more of it as copies from one byte before: 64 and 35.
    expect([...packSnappy(Buffer.alloc(100, 'a'))]).toEqual([100, 0, 97, 0xfe, 1, 0, 0x8a, 1, 0]);
  });
  test('are the bytes of hyparquet-writer, and unpack', () => {
    const parts = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(60))
        .map(([some, times]) => Buffer.concat(Array<Uint8Array>(times).fill(some))),
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 20 }), (all) => expectSame(Buffer.concat(all))),
      { numRuns: 500 },
    );
  });
  test.each([0, 1, 14, 15, 16, 59, 60, 61, 255, 256, 257, 2047, 2048, 65_535, 65_536, 65_537, 300_000])(
    'of %i bytes',
    (length) => {
      for (const kinds of [1, 2, 5, 256])
        for (const repeat of [0, 50, 95]) expectSame(bytesOf(length, kinds, repeat));
    },
  );
  test('of literals that take each number of bytes for their length', () => {
    expectSame(bytesOf(2 ** 16 + 100, 256, 0));
    expectSame(bytesOf(2 ** 24 + 100, 256, 0));
  });
  test('of token ids', () => {
    const random = openStream('test', 'snappy', 'ids');
    const ids = Int32Array.from({ length: 262_144 }, (_, i) =>
      i % 5 === 0 ? -100 : random.below(50_000) >> random.below(16),
    );
    expectSame(new Uint8Array(ids.buffer));
  });
});
