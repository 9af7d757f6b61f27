import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PlanEntry } from '../../activities/plan/partitions.ts';
import { type EntryMaps, mapsName, pageName } from '../../activities/plan/write-input.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { REJECT_COLUMNS, REJECTS as REJECTS_NAME, TEXTS } from '../../activities/scan/texts.ts';
import { outputOf, type StageCommit } from '../../lake/commit.ts';
import { readTable } from '../../lake/table.ts';
import { blocksSpec, DUPLICATES, FILES, putBlocks, REJECTS } from '../blocks-corpus.ts';
import { openLab } from '../lab.ts';
import { canonical, commitsOf, openPipeline, type Pipeline, publicationOf } from '../pipeline.ts';

const RUNS = { blocks: 1_024, some: 120_000, whole: 2 ** 30 };

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await putBlocks(pipeline.store);
  await pipeline.work();
  for (const [run, bytes] of Object.entries(RUNS)) await pipeline.runIngest(blocksSpec(bytes), run);
}, 300_000);
afterAll(() => pipeline?.close());

const commits = (run: string, stage: 'plan' | 'scan'): Promise<StageCommit[]> =>
  commitsOf(pipeline.store, { domain: 'blocks', run }, stage);

async function planned<T>(run: string, name: string): Promise<T | undefined> {
  const [plan] = await commits(run, 'plan');
  const output = plan?.outputs.find((each) => each.name === name);
  if (output === undefined) return undefined;
  return JSON.parse(new TextDecoder().decode(await pipeline.store.get(output.key))) as T;
}

test('row groups are cut at blocks, and the plan holds the pages of each partition beside its pages', async () => {
  const entries = (await planned<PlanEntry[]>('blocks', pageName('corpus', 0))) ?? [];
  const plain = entries.flatMap(({ runs }) => runs).filter(({ key }) => key === FILES.plain.key);
  expect(plain.map(({ rowStart, rowEnd }) => [rowStart, rowEnd])).toEqual([
    [0, 1024],
    [1024, 2048],
    [2048, 2300],
  ]);
  const maps = (await planned<EntryMaps[]>('blocks', mapsName('corpus', 0))) ?? [];
  expect(maps).toHaveLength(entries.length);
  const second = maps[1]?.[0]?.find(({ column }) => column === 'text')?.pages ?? [];
  expect(second.length).toBeGreaterThan(10);
  const [first] = second;
  const last = second.at(-1);
  expect((first?.[0] ?? 0) + (first?.[1] ?? 0)).toBeGreaterThan(1024);
  expect(first?.[0]).toBeLessThanOrEqual(1024);
  expect(last?.[0]).toBeLessThan(2048);

  expect(await commits('whole', 'scan')).toHaveLength(1);
  expect(await planned('whole', mapsName('corpus', 0))).toBeUndefined();
});

test('the same manifest and the same bytes of every shard, however it was cut', async () => {
  const [blocks, some, whole] = await Promise.all(
    Object.keys(RUNS).map((run) => canonical(pipeline.store, { domain: 'blocks', run })),
  );
  expect(blocks).toEqual(whole);
  expect(some).toEqual(whole);
  const { manifest } = await publicationOf(pipeline.store, { domain: 'blocks', run: 'whole' });
  const { counts, failedSources } = await readManifest(pipeline.store, manifest);
  const { plain, damaged, parquetjs } = FILES;
  expect(failedSources).toEqual([{ key: damaged.key, type: 'CorruptParquet' }]);
  expect(counts.rows).toMatchObject({
    planned: plain.rows + damaged.rows + parquetjs.rows,
    failed: damaged.rows,
    rejects: REJECTS,
    duplicates: DUPLICATES,
  });
  expect(counts.pairs.valid).toBeGreaterThan(0);
});

test('of a source that fails in its middle nothing is left in what scan has committed', async () => {
  const [scan] = await commits('whole', 'scan');
  if (scan === undefined) throw new Error('no scan');
  const rows = await readTable(pipeline.store, outputOf(scan, TEXTS), ['key', 'valid']);
  expect(new Set(rows.map(({ key }) => key))).toEqual(new Set([FILES.plain.key, FILES.parquetjs.key]));
  expect(scan.counts).toMatchObject({ texts: rows.length, rejects: REJECTS });
  const rejects = await readTable(
    pipeline.store,
    outputOf(scan, REJECTS_NAME),
    REJECT_COLUMNS.map(({ name }) => name),
  );
  expect(new Set(rejects.map(({ key }) => key))).toEqual(new Set([FILES.plain.key]));
});
