import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutPartitions } from '../../../activities/plan/partitions.ts';

const source = (ordinal: number, groups: [rows: number, bytes: number][]) => {
  let firstRow = 0;
  return {
    source: { ordinal, key: `raw/${ordinal}.parquet`, etag: `e${ordinal}`, size: 1, rows: 0, failure: null },
    pieces: groups.map(([rows, textBytes]) => {
      const group = { firstRow, rows, textBytes };
      firstRow += rows;
      return group;
    }),
  };
};
const shape = (entries: ReturnType<typeof cutPartitions>) =>
  entries.map(({ runs }) => runs.map(({ source: s, rowStart, rowEnd }) => [s, rowStart, rowEnd]));

test('row groups fill a partition up to the target; small sources are coalesced', () => {
  const sources = [
    source(0, [
      [10, 60],
      [10, 60],
    ]),
    source(1, [[5, 20]]),
    source(2, [[5, 20]]),
  ];
  expect(shape(cutPartitions(sources, 100))).toEqual([
    [[0, 0, 10]],
    [
      [0, 10, 20],
      [1, 0, 5],
      [2, 0, 5],
    ],
  ]);
  expect(shape(cutPartitions(sources, 1000))).toEqual([
    [
      [0, 0, 20],
      [1, 0, 5],
      [2, 0, 5],
    ],
  ]);
});
test('a piece is never cut, and an empty one is no partition', () => {
  expect(shape(cutPartitions([source(0, [[10, 5000]])], 100))).toEqual([[[0, 0, 10]]]);
  expect(cutPartitions([source(0, [[0, 0]]), source(1, [])], 100)).toEqual([]);
});
test('every row is in one partition, in order, whatever the target', () => {
  const group = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 99 }));
  fc.assert(
    fc.property(
      fc.array(fc.array(group, { maxLength: 6 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 300 }),
      (lists, target) => {
        const sources = lists.map((groups, i) => source(i, groups));
        const entries = cutPartitions(sources, target);
        const seen = entries.flatMap(({ runs }) =>
          runs.flatMap(({ source: s, rowStart, rowEnd }) =>
            Array.from({ length: rowEnd - rowStart }, (_, i) => `${s} ${rowStart + i}`),
          ),
        );
        const want = lists.flatMap((groups, s) =>
          Array.from({ length: groups.reduce((sum, [rows]) => sum + rows, 0) }, (_, i) => `${s} ${i}`),
        );
        expect(seen).toEqual(want);
        expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
      },
    ),
  );
});
