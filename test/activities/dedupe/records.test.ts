import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  exactPlace,
  exactRecord,
  rowKey,
  verdictOf,
  verdictRecord,
} from '../../../activities/dedupe/records.ts';

const hash = fc
  .array(fc.integer({ min: 0, max: 15 }), { minLength: 32, maxLength: 32 })
  .map((digits) => digits.map((d) => d.toString(16)).join(''));
const source = fc.integer({ min: 0, max: 2 ** 24 - 1 });
const row = fc.integer({ min: 0, max: 2 ** 40 - 1 });

test('records come back as they were', () => {
  fc.assert(
    fc.property(hash, source, row, source, row, (h, s, r, ks, kr) => {
      expect(exactPlace(exactRecord({ hash: h, source: s, row: r }).payload)).toEqual({
        hash: h,
        source: s,
        row: r,
      });
      const verdict = { source: s, row: r, keptSource: ks, keptRow: kr };
      expect(verdictOf(verdictRecord(verdict))).toEqual(verdict);
    }),
  );
});
test('equal texts sort by keep order: source, then row', () => {
  const h = 'ff'.repeat(16);
  const places = [
    [0, 5],
    [0, 300],
    [1, 2],
    [256, 1],
  ].map(([s, r]) => Buffer.from(exactRecord({ hash: h, source: s ?? 0, row: r ?? 0 }).payload));
  expect(places.toSorted(Buffer.compare)).toEqual(places);
});
test('the key of a row orders by source, then row', () => {
  expect(rowKey(1, 0)).toBe(1099511627776n);
  expect(rowKey(0, 2 ** 40 - 1) < rowKey(1, 0)).toBe(true);
});
