import fc from 'fast-check';
import { expect, test } from 'vitest';
import { largestClusters } from '../../../client/duplicates/clusters.ts';
import type { Duplicate } from '../../../client/duplicates/duplicate.ts';
import { openFrequent } from '../../../client/duplicates/frequent.ts';
import { namesDocument } from '../../../client/duplicates.ts';

const RUN = 'r2';
/** `a:3` is dropped for `b:1` of this run; `r1/b:1`: of an earlier one. */
function duplicate(dropped: string, kept: string, similarity = 1): Duplicate {
  const [, run = RUN, name = ''] = /^(?:(\w+)\/)?(.+)$/.exec(kept) ?? [];
  return {
    ...place(dropped),
    kept: { run, ...place(name) },
    kind: similarity === 1 ? 'exact' : 'near',
    similarity,
  };
}
function place(text: string): { key: string; row: number } {
  const [key = '', row] = text.split(':');
  return { key, row: Number(row) };
}
/** The table in batches of two. */
const tableOf = (all: readonly Duplicate[]) =>
  async function* batches(): AsyncGenerator<Duplicate[]> {
    for (let i = 0; i < all.length; i += 2) yield all.slice(i, i + 2);
  };
const TABLE = [
  duplicate('a:5', 'a:1', 0.9),
  duplicate('a:6', 'a:2'),
  duplicate('a:7', 'r1/a:1'),
  duplicate('b:0', 'a:1'),
  duplicate('b:1', 'r1/z:9', 0.8),
  duplicate('b:2', 'a:1', 0.75),
  duplicate('c:0', 'a:2'),
];
const said = ({ clusters }: Awaited<ReturnType<typeof largestClusters>>): string[] =>
  clusters.map(
    ({ kept, size, dropped }) =>
      `${kept.run}/${kept.key}:${kept.row} ${size}: ${dropped.map(({ key, row }) => `${key}:${row}`).join(' ')}`,
  );
const ask = (more: Partial<Parameters<typeof largestClusters>[0]> = {}) =>
  largestClusters({ run: RUN, duplicates: tableOf(TABLE), limit: 10, members: 10, ...more });

test('the largest cluster comes first, of the same size those of earlier runs, then in keep order', async () => {
  const found = await ask();
  expect(said(found)).toEqual([
    'r2/a:1 3: a:5 b:0 b:2',
    'r2/a:2 2: a:6 c:0',
    'r1/a:1 1: a:7',
    'r1/z:9 1: b:1',
  ]);
  expect(found).toMatchObject({ total: 4, duplicates: 7, near: 3, earlier: 2, unseen: 0 });
  expect(found.clusters[0]?.dropped[0]).toEqual({ key: 'a', row: 5, kind: 'near', similarity: 0.9 });
});

test('clusters and what is shown of each are limited, their sizes are not', async () => {
  expect(said(await ask({ limit: 2, members: 1 }))).toEqual(['r2/a:1 3: a:5', 'r2/a:2 2: a:6']);
  expect(await ask({ limit: 0 })).toMatchObject({ clusters: [], total: 4, duplicates: 7 });
  expect(said(await ask({ members: 0, limit: 1 }))).toEqual(['r2/a:1 3: ']);
});

test('what does not count is in no cluster; of a cluster that is selected all is shown', async () => {
  const near = await ask({ counts: ({ kind }) => kind === 'near' });
  expect(said(near)).toEqual(['r2/a:1 2: a:5 b:2', 'r1/z:9 1: b:1']);
  expect(said(await ask({ selects: namesDocument('b:0') }))).toEqual(['r2/a:1 3: a:5 b:0 b:2']);
  expect(said(await ask({ selects: namesDocument('b') }))).toEqual([
    'r2/a:1 3: a:5 b:0 b:2',
    'r1/z:9 1: b:1',
  ]);
  expect(said(await ask({ selects: namesDocument('a:2') }))).toEqual(['r2/a:2 2: a:6 c:0']);
  expect(await ask({ selects: namesDocument('nothing:1') })).toMatchObject({ clusters: [], total: 0 });
});

test('a key may hold colons, and end like one with a row', () => {
  const each = duplicate('a:1', 'b:2');
  expect(namesDocument('a:b:7')({ ...each, key: 'a:b', row: 7 })).toBe(true);
  expect(namesDocument('a:b:7')({ ...each, key: 'a:b', row: 8 })).toBe(false);
  expect(namesDocument('a:b:7')({ ...each, key: 'a:b:7', row: 8 })).toBe(true);
});

const verdicts = fc.array(fc.tuple(fc.nat(30), fc.nat(3), fc.boolean()), { maxLength: 120 }).map((list) =>
  list.map(([kept, group, near], i) =>
    // Small numbers are kept more often.
    duplicate(`d:${i}`, `${near ? 'r1' : RUN}/k${group}:${kept % (1 + (kept % 7))}`, near ? 0.8 : 1),
  ),
);

test('in however little room it counts, sizes are exact and no cluster above the limit that it names is missing', async () => {
  await fc.assert(
    fc.asyncProperty(verdicts, fc.integer({ min: 1, max: 12 }), fc.nat(8), async (all, held, limit) => {
      const whole = await largestClusters({ run: RUN, duplicates: tableOf(all), limit: 1e6, members: 1e6 });
      // All of it is what a person would count by hand.
      const sizes = new Map<string, string[]>();
      for (const { kept, key, row } of all) {
        const name = `${kept.run}/${kept.key}:${kept.row}`;
        sizes.set(name, [...(sizes.get(name) ?? []), `${key}:${row}`]);
      }
      expect(new Set(said(whole))).toEqual(
        new Set([...sizes].map(([name, dropped]) => `${name} ${dropped.length}: ${dropped.join(' ')}`)),
      );
      const small = await largestClusters({
        run: RUN,
        duplicates: tableOf(all),
        limit,
        members: 1e6,
        held,
      });
      expect(small.unseen).toBeLessThanOrEqual(all.length / held);
      const certain = said(whole).filter((_, i) => (whole.clusters[i]?.size ?? 0) > small.unseen);
      expect(said(small).slice(0, certain.length)).toEqual(certain.slice(0, limit));
      expect(said(whole)).toEqual(expect.arrayContaining(said(small)));
      if (small.unseen === 0) expect(said(small)).toEqual(said(whole).slice(0, limit));
    }),
  );
});

test('never more keys are held than were asked for', () => {
  const frequent = openFrequent(3);
  for (let i = 0; i < 1000; i++) {
    frequent.add(i % 2 === 0 ? 'often' : `once ${i}`);
    expect(frequent.counts.size).toBeLessThanOrEqual(6);
  }
  expect(frequent.counts.get('often')).toBeGreaterThanOrEqual(500 - frequent.unseen);
  expect(frequent.unseen).toBeGreaterThan(0);
});
