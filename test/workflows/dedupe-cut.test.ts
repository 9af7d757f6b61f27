import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutDedupe, RANGE_DOCUMENTS, READS_AT_MOST, RUNS_AT_MOST } from '../../workflows/dedupe-cut.ts';

test.each([
  [0, 1, 1, false],
  [1_000_000, 20, 1, false],
  [1_000_001, 20, 2, false],
  [50_000_000, 1_058, 50, false],
  [100_000_000, 1_000, 100, false],
  [100_000_000, 1_001, 100, true],
  [900_000, 2_001, 1, true],
  [1_000_000_000, 20_000, 1_000, true],
])(
  '%i documents in %i partitions: %i ranges, combined first: %s',
  (documents, partitions, ranges, combine) => {
    expect(cutDedupe(documents, partitions)).toEqual({ ranges, combine });
  },
);

test('no range is given more documents than it may take, and no more runs are opened than may be', () => {
  fc.assert(
    fc.property(fc.nat(2_000_000_000), fc.integer({ min: 1, max: 30_000 }), (documents, partitions) => {
      const { ranges, combine } = cutDedupe(documents, partitions);
      expect(documents / ranges).toBeLessThanOrEqual(RANGE_DOCUMENTS);
      if (combine) return;
      expect(partitions).toBeLessThanOrEqual(RUNS_AT_MOST);
      expect(partitions * ranges).toBeLessThanOrEqual(READS_AT_MOST);
    }),
  );
});
