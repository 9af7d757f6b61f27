import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dtypeFor, megatronIndex, parseMegatronIndex } from '../../../activities/shards/megatron.ts';
import { CorruptLake } from '../../../lake/errors.ts';

/** What Megatron-LM itself writes for two documents of 3 and 2 tokens as uint16. */
const GOLDEN =
  '4d4d4944494458000001000000000000000802000000000000000300000000000000' +
  '0300000002000000' +
  '00000000000000000600000000000000' +
  '000000000000000001000000000000000200000000000000';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const lengthLists = fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 40 });
const dtypes = fc.constantFrom('uint16' as const, 'int32' as const);

describe('megatronIndex', () => {
  test('is what Megatron writes', () => {
    expect(hex(megatronIndex([3, 2], 'uint16'))).toBe(GOLDEN);
    expect(hex(megatronIndex(Int32Array.of(3, 2), 'uint16'))).toBe(GOLDEN);
    const int32 = GOLDEN.replace('000000000000000802', '000000000000000402').replace(
      '0600000000',
      '0c00000000',
    );
    expect(hex(megatronIndex([3, 2], 'int32'))).toBe(int32);
  });
  test('pointers go beyond 32 bits', () => {
    const view = Buffer.from(megatronIndex([2 ** 31 - 1, 2 ** 31 - 1, 1], 'int32'));
    expect(view.readBigInt64LE(34 + 12 + 16)).toBe(17_179_869_176n);
  });
  test.each([[-1], [1.5], [2 ** 31], [Number.NaN]])('a length of %d is refused', (length) => {
    expect(() => megatronIndex([1, length], 'uint16')).toThrow(RangeError);
  });
});

describe('parseMegatronIndex', () => {
  test('gives back what was written, at any offset in memory', () => {
    fc.assert(
      fc.property(lengthLists, dtypes, fc.nat(7), (lengths, dtype, shift) => {
        const bytes = megatronIndex(lengths, dtype);
        const shifted = Buffer.concat([new Uint8Array(shift), bytes]).subarray(shift);
        expect(parseMegatronIndex(shifted)).toEqual({ dtype, lengths: Int32Array.from(lengths) });
      }),
    );
  });
  test('a changed byte or a cut is refused, but for the last length', () => {
    const bytes = megatronIndex([3, 2, 7], 'uint16');
    const lastLength = 34 + 8;
    for (let i = 0; i < bytes.length; i++) {
      expect(() => parseMegatronIndex(bytes.subarray(0, i))).toThrow(CorruptLake);
      const changed = bytes.map((byte, k) => (k === i ? byte ^ 0x81 : byte));
      if (i >= lastLength && i < lastLength + 3) expect(parseMegatronIndex(changed).lengths[2]).not.toBe(7);
      else expect(() => parseMegatronIndex(changed), `byte ${i}`).toThrow(CorruptLake);
    }
  });
});

test('dtypeFor follows Megatron: two bytes for fewer than 65,500 ids', () => {
  expect([0, 50_256, 65_498, 65_499, 65_535, 128_255].map(dtypeFor)).toEqual([
    'uint16',
    'uint16',
    'uint16',
    'int32',
    'int32',
    'int32',
  ]);
});
