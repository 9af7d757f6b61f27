import { expect, test } from 'vitest';
import { chainsOf, historyOf } from '../../../activities/synthesize/entry.ts';
import type { Pair } from '../../../workflows/contract.ts';

const pair: Pair = { question: 'q', answer: 'a', kind: 'plain' };
const entry = (name: string, pairs: number, linked: boolean) => ({
  name,
  pairs: Array.from({ length: pairs }, () => pair),
  linked,
});
const names = (entries: { name: string }[]) => entries.map(({ name }) => name);

test('the history goes back from the newest while entries are linked', () => {
  const slot = [entry('a', 2, false), entry('b', 1, true), entry('c', 3, true)];
  expect(names(historyOf(slot))).toEqual(['a', 'b', 'c']);
  expect(names(historyOf([entry('a', 2, false), entry('b', 1, false), entry('c', 3, true)]))).toEqual([
    'b',
    'c',
  ]);
});
test('a newest entry without pairs leaves no history', () => {
  expect(historyOf([entry('a', 2, false), entry('b', 0, false)])).toEqual([]);
  expect(historyOf([])).toEqual([]);
});
test('chains are the maximal linked runs; a text without pairs cuts and stands alone', () => {
  const slot = [
    entry('a', 1, false),
    entry('b', 1, true),
    entry('c', 0, false),
    entry('d', 1, false),
    entry('e', 1, true),
  ];
  expect(chainsOf(slot).map(names)).toEqual([['a', 'b'], ['c'], ['d', 'e']]);
  expect(chainsOf([])).toEqual([]);
});
