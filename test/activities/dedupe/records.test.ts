import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bandPayload,
  bucketEntry,
  edgeOf,
  edgeRecord,
  exactRecord,
  readSignature,
  rowKey,
  rowOf,
  signaturePayload,
  verdictOf,
  verdictRecord,
} from '../../../activities/dedupe/records.ts';
import { BANDS, VALUES } from '../../../activities/dedupe/signature.ts';

const hash = fc
  .array(fc.integer({ min: 0, max: 15 }), { minLength: 32, maxLength: 32 })
  .map((digits) => digits.map((d) => d.toString(16)).join(''));
const place = fc.record({
  source: fc.integer({ min: 0, max: 2 ** 28 - 1 }),
  row: fc.integer({ min: 0, max: 2 ** 36 - 1 }),
});

test('records come back as they were', () => {
  fc.assert(
    fc.property(
      hash,
      place,
      place,
      fc.boolean(),
      fc.integer({ min: 0, max: BANDS - 1 }),
      fc.double({ min: 0, max: 1 }),
      (h, a, b, exact, band, similarity) => {
        expect(bucketEntry(exactRecord({ hash: h, ...a }).payload)).toEqual({ hash: h, ...a });
        expect(bucketEntry(bandPayload(a))).toEqual({ hash: '', ...a });
        expect(rowOf(rowKey(a))).toEqual(a);
        const edge = { later: a, first: b, band: exact ? null : band };
        expect(edgeOf(edgeRecord(edge))).toEqual(edge);
        const verdict = {
          dropped: a,
          kept: b,
          kind: exact ? ('exact' as const) : ('near' as const),
          similarity,
        };
        expect(verdictOf(verdictRecord(verdict))).toEqual(verdict);
      },
    ),
  );
});
test('equal texts sort by keep order: source, then row', () => {
  const h = 'ff'.repeat(16);
  const places = [
    [0, 5],
    [0, 300],
    [1, 2],
    [256, 1],
  ].map(([source = 0, row = 0]) => ({ source, row }));
  for (const payloads of [
    places.map((each) => Buffer.from(exactRecord({ hash: h, ...each }).payload)),
    places.map((each) => Buffer.from(bandPayload(each))),
  ]) {
    expect(payloads.toSorted(Buffer.compare)).toEqual(payloads);
  }
});
test('of the edges of a document the exact one comes first', () => {
  const later = { source: 1, row: 1 };
  const near = Buffer.from(edgeRecord({ later, first: { source: 0, row: 0 }, band: 0 }).payload);
  const exact = Buffer.from(edgeRecord({ later, first: { source: 1, row: 0 }, band: null }).payload);
  expect(Buffer.compare(exact, near)).toBe(-1);
});
test('the key of a row orders by source, then row', () => {
  expect(rowKey({ source: 1, row: 0 })).toBe(68719476736n);
  expect(rowKey({ source: 0, row: 2 ** 36 - 1 }) < rowKey({ source: 1, row: 0 })).toBe(true);
  expect(rowKey({ source: 2 ** 28 - 1, row: 2 ** 36 - 1 })).toBe(2n ** 64n - 1n);
});
test('there is no key for a source or row beyond', () => {
  expect(() => rowKey({ source: 2 ** 28, row: 0 })).toThrow('source 268435456 of a domain');
  expect(() => rowKey({ source: 0, row: 2 ** 36 })).toThrow('row 68719476736 of a source');
});
test('of a signature the lower 16 bits of each value are kept', () => {
  const signature = Int32Array.from({ length: VALUES }, (_, i) => (i % 2 === 0 ? -i : 0x7fff0000 + i));
  const read = new Uint16Array(2 * VALUES);
  readSignature(signaturePayload(signature), read, VALUES);
  expect([...read.slice(VALUES, VALUES + 4)]).toEqual([0, 1, 65534, 3]);
  expect(read.slice(0, VALUES).some((value) => value !== 0)).toBe(false);
});
