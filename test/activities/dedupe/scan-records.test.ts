import { afterAll, beforeAll, expect, test } from 'vitest';
import { bucketEntry, readShingles, rowOf } from '../../../activities/dedupe/records.ts';
import {
  bucketRuns,
  openDedupeRecords,
  shingleRuns,
  signatureRuns,
} from '../../../activities/dedupe/scan-records.ts';
import { commitStage, type StageCommit } from '../../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../../lake/exchange.ts';
import { openCommittedRun } from '../../../lake/runs.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

const LONG = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ');
const TEXTS = ['A short text.', LONG, `${LONG} more`, 'Another short text.', LONG.toUpperCase()];

async function scanned(
  near: boolean,
  held?: number,
  verify: 'estimate' | 'exact' = 'estimate',
): Promise<StageCommit> {
  const input = { stage: 'scan', version: 1, unit: 'x', spec: { near, held, verify }, inputs: [], etags: [] };
  const { commit } = await commitStage(store, { domain: 'd', run: 'r' }, input, async (folder) => {
    const records = openDedupeRecords(folder, { near, threshold: 0.75, verify }, held);
    for (const [row, text] of TEXTS.entries()) {
      records.add({ source: 0, row }, text);
      await records.spill();
    }
    return { outputs: await records.finish(), counts: {} };
  });
  return commit;
}
async function contents(commit: StageCommit) {
  const buckets: string[] = [];
  const opened = await Promise.all(bucketRuns(commit).map((each) => openCommittedRun(store, each)));
  for await (const batch of mergeRuns(opened, keyRange(0, 1))) {
    for (const { key, payload } of batch) buckets.push(`${key} ${JSON.stringify(bucketEntry(payload))}`);
  }
  const signatures: number[] = [];
  for (const output of signatureRuns(commit)) {
    for await (const batch of mergeRuns([await openCommittedRun(store, output)], keyRange(0, 1))) {
      for (const { key } of batch) signatures.push(rowOf(key).row);
    }
  }
  return { buckets, signatures };
}

test('every text has a record of its hash; those of twenty words and more have one of each band, and a signature', async () => {
  const { buckets, signatures } = await contents(await scanned(true));
  expect(buckets).toHaveLength(5 + 3 * 14);
  expect(signatures).toEqual([1, 2, 4]);
});
test('in several objects there are the same records', async () => {
  const commit = await scanned(true, 10);
  expect(bucketRuns(commit).length).toBeGreaterThan(2);
  expect(await contents(commit)).toEqual(await contents(await scanned(true)));
});
test('without near-duplicates there are hashes alone', async () => {
  const { buckets, signatures } = await contents(await scanned(false));
  expect(buckets).toHaveLength(5);
  expect(signatures).toEqual([]);
});

test('with exact verification there is a set of shingles beside each signature, in several objects too', async () => {
  for (const held of [undefined, 10]) {
    const commit = await scanned(true, held, 'exact');
    const runs = await Promise.all(shingleRuns(commit).map((each) => openCommittedRun(store, each)));
    const sets: [number, number][] = [];
    for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
      for (const { key, payload } of batch) sets.push([rowOf(key).row, readShingles(payload).length]);
    }
    expect(sets).toEqual([
      [1, 36],
      [2, 37],
      [4, 36],
    ]);
    expect(await contents(commit)).toEqual(await contents(await scanned(true)));
  }
});
