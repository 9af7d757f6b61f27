import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openRowSet } from '../../../activities/dedupe/row-set.ts';

const sourcesOf = (counts: readonly number[], apart: number) =>
  counts.map((rows, i) => ({ source: i * apart, rows }));

test('ordinals follow keep order, over sources of any size, and lead back', () => {
  const rows = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 });
  const picks = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 });
  fc.assert(
    fc.property(rows, picks, fc.integer({ min: 1, max: 9 }), (counts, picked, apart) => {
      const set = openRowSet(sourcesOf(counts, apart));
      const wanted = new Map<string, { source: number; row: number }>();
      for (const [a, b] of picked) {
        const at = a % counts.length;
        const count = counts[at] ?? 0;
        if (count === 0) continue;
        const place = { source: at * apart, row: b % count };
        set.add(place);
        wanted.set(`${place.source} ${place.row}`, place);
      }
      const sorted = [...wanted.values()].sort((a, b) => a.source - b.source || a.row - b.row);
      const { size, has, ordinalOf, placeOf } = set.finish();
      expect(size).toBe(sorted.length);
      expect(sorted.map(ordinalOf)).toEqual(sorted.map((_, i) => i));
      expect(sorted.map((_, i) => placeOf(i))).toEqual(sorted);
      for (let source = 0; source < (counts.length + 1) * apart; source++) {
        for (let row = 0; row < 110; row++) {
          expect(has({ source, row })).toBe(wanted.has(`${source} ${row}`));
        }
      }
    }),
  );
});
test('a row that the plan does not have is refused', () => {
  expect(() => openRowSet(sourcesOf([3, 2], 1)).add({ source: 0, row: 3 })).toThrow(RangeError);
  expect(() => openRowSet(sourcesOf([3, 2], 1)).add({ source: 2, row: 0 })).toThrow(RangeError);
});
