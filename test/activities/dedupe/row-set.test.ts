import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openRowSet } from '../../../activities/dedupe/row-set.ts';

test('ordinals follow keep order, over sources of any size, and lead back', () => {
  const rows = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 6 });
  const picks = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 60 });
  fc.assert(
    fc.property(rows, picks, (counts, picked) => {
      const set = openRowSet(counts);
      const wanted = new Map<string, { source: number; row: number }>();
      for (const [a, b] of picked) {
        const source = a % counts.length;
        const count = counts[source] ?? 0;
        if (count === 0) continue;
        const place = { source, row: b % count };
        set.add(place);
        wanted.set(`${place.source} ${place.row}`, place);
      }
      const sorted = [...wanted.values()].sort((a, b) => a.source - b.source || a.row - b.row);
      const { size, has, ordinalOf, placeOf } = set.finish();
      expect(size).toBe(sorted.length);
      expect(sorted.map(ordinalOf)).toEqual(sorted.map((_, i) => i));
      expect(sorted.map((_, i) => placeOf(i))).toEqual(sorted);
      for (const [source, count] of counts.entries()) {
        for (let row = 0; row < count; row++) {
          expect(has({ source, row })).toBe(wanted.has(`${source} ${row}`));
        }
      }
    }),
  );
});
test('a row that the plan does not have is refused', () => {
  expect(() => openRowSet([3, 2]).add({ source: 0, row: 3 })).toThrow(RangeError);
  expect(() => openRowSet([3, 2]).add({ source: 2, row: 0 })).toThrow(RangeError);
});
