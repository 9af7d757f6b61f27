import { afterAll, beforeAll, expect, test } from 'vitest';
import { bucketEntry, rowOf } from '../../../activities/dedupe/records.ts';
import { bucketRuns, openDedupeRecords, signatureRuns } from '../../../activities/dedupe/scan-records.ts';
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

async function scanned(near: boolean, held?: number): Promise<StageCommit> {
  const input = { stage: 'scan', version: 1, unit: 'x', spec: { near, held }, inputs: [], etags: [] };
  const { commit } = await commitStage(store, { domain: 'd', run: 'r' }, input, async (folder) => {
    const records = openDedupeRecords(folder, near, held);
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
