import { openStream } from '../lake/random.ts';

/** Rows of lists of 32-bit integers at every border of how they are written: runs, pages, row groups. */
export interface IntListCase {
  name: string;
  lists: Int32Array[];
}

const ROWS = [0, 1, 8, 63, 64, 65];
const LENGTHS = [0, 1, 2048, 100_000];

/** The same lists each time. */
export function intListCases(): IntListCase[] {
  const random = openStream('test', 'int-lists', 'values');
  const list = (length: number): Int32Array => {
    const values = new Int32Array(length);
    // Ids of a vocabulary, some that repeat, and the whole range of the type.
    for (let i = 0; i < length; i++) values[i] = i % 7 === 0 ? random.below(2 ** 32) : random.below(300);
    return values;
  };
  const listsOf = (count: number, length: (i: number) => number): Int32Array[] =>
    Array.from({ length: count }, (_, i) => list(length(i)));
  return [
    ...ROWS.flatMap((rows) =>
      LENGTHS.map((length) => ({ name: `${rows}-of-${length}`, lists: listsOf(rows, () => length) })),
    ),
    { name: 'empty-then-full', lists: listsOf(130, (i) => (i < 65 ? 0 : 2048)) },
    { name: 'full-then-empty', lists: listsOf(130, (i) => (i < 65 ? 2048 : 0)) },
    { name: 'every-second-empty', lists: listsOf(129, (i) => (i % 2) * 3) },
    { name: 'growing', lists: listsOf(1000, (i) => i) },
    { name: 'ends', lists: [Int32Array.of(-(2 ** 31), 2 ** 31 - 1, 0, -1, -100)] },
  ];
}
