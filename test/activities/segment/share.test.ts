import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rowKey } from '../../../activities/dedupe/records.ts';
import { overlaps, rowShare } from '../../../activities/segment/share.ts';

const corpora = fc.record({
  first: fc.nat(50),
  rows: fc.array(fc.nat(9), { minLength: 1, maxLength: 8 }),
});
const sourcesOf = ({ first, rows }: { first: number; rows: number[] }) =>
  rows.map((count, i) => ({ ordinal: first + i, rows: count }));

test('shares hold every row once, and about as many rows each', () => {
  fc.assert(
    fc.property(corpora, fc.integer({ min: 1, max: 6 }), (corpus, count) => {
      const sources = sourcesOf(corpus);
      const keys = sources.flatMap(({ ordinal, rows }) =>
        Array.from({ length: rows }, (_, row) => rowKey({ source: ordinal, row })),
      );
      const shares = Array.from({ length: count }, (_, i) => rowShare(sources, i, count));
      const inShare = shares.map(({ from, to }) => keys.filter((key) => key >= from && key < to));
      expect(inShare.flat()).toEqual(keys);
      for (const some of inShare) expect(some.length).toBeLessThanOrEqual(Math.ceil(keys.length / count));
    }),
  );
});

test('a partition overlaps a share when one of its rows is in it', () => {
  fc.assert(
    fc.property(
      corpora,
      fc.integer({ min: 1, max: 6 }),
      fc.nat(60),
      fc.nat(9),
      (corpus, count, source, row) => {
        const sources = sourcesOf(corpus);
        const planned = sources.find(({ ordinal }) => ordinal === source);
        fc.pre(planned !== undefined && row < planned.rows);
        const run = { source, key: '', etag: '', size: 0, rowStart: row, rowEnd: row + 1 };
        const met = Array.from({ length: count }, (_, i) =>
          overlaps({ runs: [run] }, rowShare(sources, i, count)),
        );
        const key = rowKey({ source, row });
        const wanted = Array.from({ length: count }, (_, i) => {
          const { from, to } = rowShare(sources, i, count);
          return key >= from && key < to;
        });
        expect(met).toEqual(wanted);
      },
    ),
  );
});
