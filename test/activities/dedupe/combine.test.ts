import { afterAll, beforeAll, expect, test } from 'vitest';
import { combineBuckets } from '../../../activities/dedupe/combine-buckets.ts';
import { decideDuplicates, VERDICTS } from '../../../activities/dedupe/decide-duplicates.ts';
import { edgeRuns, findDuplicates } from '../../../activities/dedupe/find-duplicates.ts';
import { readCommits, saveList } from '../../../activities/lists.ts';
import { plan } from '../../../activities/plan/plan.ts';
import { scanPartition } from '../../../activities/scan/scan-partition.ts';
import type { Services } from '../../../activities/services.ts';
import { outputOf, readCommit } from '../../../lake/commit.ts';
import { NothingToDo } from '../../../lake/errors.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import type { ObjectRef, PlannedInput } from '../../../workflows/contract.ts';
import { writeDedupePins } from '../../acceptance/parts/dedupe-stages.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';

const PREFIX = 'raw/d/';
let store: DirectoryStore;
let services: Services;
beforeAll(async () => {
  store = await directoryStore();
  const settings = { lake: { bucket: 'test', region: '' }, endpoints: {}, tokenizers: {}, launchers: {} };
  services = { store, settings, checkCancelled: () => {} };
});
afterAll(() => store.remove());

/** Thirty words; texts with the same number differ in one word. */
const text = (number: number, last: string): string =>
  `${Array.from({ length: 30 }, (_, i) => `w${number}x${i}`).join(' ')} ${last}`;
const file = (texts: readonly string[]): Uint8Array =>
  parquetBytes([{ name: 'text', type: 'string', data: texts }], { rowGroupBytes: 2_000 });

/** Plans and scans what lies under the prefix; the lists of the scans have three entries at most. */
async function scanned(
  run: string,
): Promise<{ run: { domain: string; run: string }; plan: ObjectRef; scans: ObjectRef[] }> {
  const ref = { domain: 'd', run };
  const pins = await writeDedupePins(store, ref, { prefix: PREFIX, partitionBytes: 2_000 });
  const planned = await plan(services, pins);
  const entries = (planned.commit.data as PlannedInput[])[0]?.entries ?? 0;
  const items: ObjectRef[] = [];
  for (let index = 0; index < entries; index++) {
    const entry = { plan: planned.ref, input: 'corpus', index };
    items.push((await scanPartition(services, { run: ref, entry })).ref);
  }
  const scans: ObjectRef[] = [];
  for (let i = 0; i < items.length; i += 3) {
    scans.push(await saveList(services, { run: ref, items: items.slice(i, i + 3) }));
  }
  return { run: ref, plan: planned.ref, scans };
}
async function combined(of: Awaited<ReturnType<typeof scanned>>): Promise<ObjectRef> {
  const items: ObjectRef[] = [];
  for (const list of of.scans.keys()) items.push((await combineBuckets(services, { ...of, list })).ref);
  return saveList(services, { run: of.run, items });
}

test('edges and verdicts are the same, byte by byte, whether the buckets are combined first or not', async () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  await store.put(`${PREFIX}a.parquet`, file(numbers.map((i) => text(i, 'end'))));
  await store.put(
    `${PREFIX}b.parquet`,
    file(numbers.map((i) => text(i + 20, i % 2 === 0 ? 'end' : 'other'))),
  );
  // One source breaks in its last row group: none of its rows exist, those of other partitions neither.
  const broken = file(numbers.map((i) => text(i, 'end')));
  const footer = new DataView(broken.buffer, broken.byteOffset).getUint32(broken.length - 8, true);
  broken.fill(0xff, broken.length - footer - 8 - 600, broken.length - footer - 8 - 300);
  await store.put(`${PREFIX}0.parquet`, broken);

  const of = await scanned('r1');
  expect(of.scans.length).toBeGreaterThan(2);
  const list = await combined(of);
  const results: { edges: string[]; verdicts: string; counts: Record<string, number> }[] = [];
  for (const buckets of [{ scans: of.scans }, { scans: [], combined: list }]) {
    const refs: ObjectRef[] = [];
    for (const range of [0, 1, 2]) {
      refs.push((await findDuplicates(services, { ...of, ...buckets, range, ranges: 3 })).ref);
    }
    const edges = (await readCommits(store, refs)).flatMap(edgeRuns).map(({ sha256 }) => sha256);
    const decided = await decideDuplicates(services, { ...of, edges: refs });
    const verdicts = outputOf(await readCommit(store, decided.ref), VERDICTS).sha256;
    results.push({ edges, verdicts, counts: decided.counts });
  }
  expect(results[0]?.counts).toMatchObject({
    failedSources: 1,
    failedRows: 40,
    duplicates: 20,
    nearDuplicates: 10,
  });
  expect(results[1]).toEqual(results[0]);
});

test('where no source is left, combining says so', async () => {
  await store.put(`${PREFIX}a.parquet`, file([' ']));
  await store.put(`${PREFIX}b.parquet`, file(['']));
  await store.put(`${PREFIX}0.parquet`, file(['']));
  await expect(combined(await scanned('r2'))).rejects.toThrow(NothingToDo);
});

test('edges go out a few at a time, and verdicts do not show it', async () => {
  const names = Array.from({ length: 60 }, () => text(7, 'end'));
  await store.put(`${PREFIX}a.parquet`, file(names));
  await store.put(`${PREFIX}b.parquet`, file(names));
  const of = await scanned('r3');
  const verdicts: string[] = [];
  const pieces: number[] = [];
  for (const [ranges, held] of [
    [1, 2_000_000],
    [2, 10],
  ] as const) {
    const refs: ObjectRef[] = [];
    for (let range = 0; range < ranges; range++) {
      refs.push((await findDuplicates(services, { ...of, range, ranges }, held)).ref);
    }
    pieces.push((await readCommits(store, refs)).flatMap(edgeRuns).length);
    const decided = await decideDuplicates(services, { ...of, edges: refs });
    expect(decided.counts.duplicates).toBe(119);
    verdicts.push(outputOf(await readCommit(store, decided.ref), VERDICTS).sha256);
  }
  expect(pieces[0]).toBe(1);
  expect(pieces[1]).toBeGreaterThan(2);
  expect(verdicts[1]).toBe(verdicts[0]);
});
