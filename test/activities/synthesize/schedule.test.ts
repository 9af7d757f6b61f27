import fc from 'fast-check';
import { expect, test } from 'vitest';
import { schedule } from '../../../activities/synthesize/schedule.ts';

const text = (ordinal: number, valid: number, block = 0) => ({
  key: 'raw/a.parquet',
  row: block + ordinal,
  block,
  ordinal,
  valid,
});
const all = (valid: number, block = 0) => Array.from({ length: valid }, (_, n) => text(n, valid, block));
const options = { rounds: 3, share: 1, seed: 's' };

test('slot i has texts i, B+i, 2B+i', () => {
  const rows = schedule(all(7), options).map(({ texts }) => texts.map((place) => place.text.row));
  expect(rows).toEqual([
    [0, 3, 6],
    [1, 4],
    [2, 5],
  ]);
});
test('a dropped text leaves a gap and nobody moves', () => {
  const slots = schedule(
    all(7).filter(({ row }) => row !== 3 && row !== 1 && row !== 4),
    options,
  );
  expect(slots.map(({ texts }) => texts.map((place) => [place.round, place.text.row]))).toEqual([
    [
      [0, 0],
      [2, 6],
    ],
    [
      [0, 2],
      [1, 5],
    ],
  ]);
});
test('every text is in one slot once, whatever N and M', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 12 }), (valid, rounds) => {
      const rows = schedule([...all(valid), ...all(valid, 1024)], { ...options, rounds }).flatMap(
        ({ texts }) => texts.map((place) => place.text.row),
      );
      expect(rows.sort((a, b) => a - b)).toEqual([...all(valid), ...all(valid, 1024)].map(({ row }) => row));
    }),
  );
});
test('the slots of a smaller share are among those of a larger one', () => {
  const converted = (share: number) =>
    new Set(schedule(all(900), { ...options, share }).flatMap((slot) => (slot.converted ? [slot.id] : [])));
  const [some, more] = [converted(0.2), converted(0.6)];
  expect(some.size).toBeGreaterThan(30);
  expect(more.size).toBeGreaterThan(some.size);
  for (const id of some) expect(more.has(id)).toBe(true);
  expect(converted(0).size).toBe(0);
  expect(converted(1).size).toBe(300);
});
