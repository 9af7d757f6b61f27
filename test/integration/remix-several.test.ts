import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { exportPairs } from '../../client/export/export-pairs.ts';
import { exportRun } from '../../client/export/export-run.ts';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { traceDocument } from '../../client/trace/trace.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { BadUsage } from '../../lake/errors.ts';
import { documentId } from '../../lake/identity.ts';
import {
  type FromSpec,
  type IngestSpec,
  type MixSpec,
  QUEUES,
  type RemixResult,
} from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf } from '../pipeline.ts';

const { train: _, ...SAMPLE } = sampleSpec;
const MIX: MixSpec = { preset: 'general' };
const PARTS = ['a', 'b', 'c'];
const specOf = (prefix: string, more: Partial<IngestSpec> = {}): IngestSpec => ({
  ...SAMPLE,
  input: { ...SAMPLE.input, prefix },
  synthesize: { ...SAMPLE.synthesize, share: 0.6 },
  mix: MIX,
  ...more,
});

let pipeline: Pipeline;
let whole: ManifestCore;
let asked = 0;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  const { store } = pipeline;
  await putSample(store);
  const objects: string[] = [];
  for await (const { key } of store.list('raw/sample/')) objects.push(key);
  for (const [i, key] of objects.sort().entries()) {
    const name = key.slice(key.lastIndexOf('/') + 1);
    await store.put(`raw/several/${PARTS[i % PARTS.length]}/${name}`, await store.get(key));
  }
  // Duplicates in the last one alone.
  await store.put('raw/several/c/again.parquet', await store.get('raw/several/c/passages-02.parquet'));
  await pipeline.work();
  whole = await runs(specOf('raw/several/'), 'whole');
  for (const part of PARTS) await runs(specOf(`raw/several/${part}/`), `part-${part}`);
  asked = pipeline.endpoint.asked.length;
}, 300_000);
afterAll(() => pipeline?.close());

async function checked(run: string): Promise<ManifestCore> {
  const checks = await verifyRun(pipeline.store, { domain: 'sample', run }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const { manifest } = await publicationOf(pipeline.store, { domain: 'sample', run });
  return readManifest(pipeline.store, manifest);
}
async function runs(spec: IngestSpec | FromSpec, run: string): Promise<ManifestCore> {
  await pipeline.runIngest(spec, run);
  return checked(run);
}
const several = (also: string[], more: object = {}): FromSpec => ({
  domain: 'sample',
  from: { run: 'part-a', also, stage: 'mix' },
  ...more,
});

test('a mix of several runs is what one run over all of it mixes, byte for byte, without a request', async () => {
  const mixed = await runs(several(['part-b', 'part-c']), 'mixed');
  expect(pipeline.endpoint.asked.length).toBe(asked);
  expect(mixed.shards).toEqual(whole.shards);
  expect(mixed.mix).toEqual(whole.mix);
  const { usage: __, ...counts } = mixed.counts;
  expect(counts).toEqual(expect.objectContaining({ rows: whole.counts.rows, pairs: whole.counts.pairs }));
  expect(whole.counts.rows.duplicates).toBe(5);
  expect(mixed.sources.map(({ name }) => name)).toEqual(['corpus', 'corpus-1', 'corpus-2']);
  expect(mixed.from).toMatchObject({ run: 'part-a', also: [{ run: 'part-b' }, { run: 'part-c' }] });
}, 180_000);

test('a sweep over several runs; a document of the second is traced to its row; all pairs are exported', async () => {
  const { runs: made } = (await pipeline.lab.client.workflow.execute('remix', {
    workflowId: 'remix/sample/sweep',
    taskQueue: QUEUES.workflows,
    args: [{ domain: 'sample', from: { run: 'part-a', also: ['part-b', 'part-c'] }, shares: [0.3, 0.6] }],
  })) as RemixResult;
  expect(made.map(({ run }) => run)).toEqual(['sweep-0.3', 'sweep-0.6']);
  expect((await checked('sweep-0.6')).shards).toEqual(whole.shards);
  const { store } = pipeline;
  const key = 'raw/several/b/passages-01.parquet';
  const traced = await traceDocument(store, { domain: 'sample', run: 'sweep-0.6' }, documentId(key, 2));
  expect(traced.texts?.map((text) => text.key)).toContain(key);
  expect(traced.places.length).toBeGreaterThan(0);
  const to = mkdtempSync(join(tmpdir(), 'instruct-lake-pairs-'));
  try {
    const exported = await exportPairs(store, { domain: 'sample', run: 'sweep-0.6' }, to, () => {});
    expect(exported.pairs).toBe(whole.counts.pairs.kept);
    const again = await exportPairs(store, { domain: 'sample', run: 'sweep-0.6' }, to, () => {});
    expect(again).toEqual(exported);
    // Whoever reads all of a folder must not read two exports.
    const other = { domain: 'sample', run: 'sweep-0.3' };
    await expect(exportPairs(store, other, to, () => {})).rejects.toThrow(/has another export/);
    await expect(exportRun(store, other, 'megatron', to, () => {})).rejects.toThrow(BadUsage);
    await expect(exportRun(store, other, 'megatron', tmpdir(), () => {})).rejects.toThrow(/has other files/);
    await expect(exportRun(store, other, 'megatron', '/dev/null/x', () => {})).rejects.toThrow(BadUsage);
  } finally {
    rmSync(to, { recursive: true });
  }
}, 180_000);

test.each<[string, FromSpec, RegExp]>([
  [
    'a run that has an object of another',
    several(['whole']),
    /runs part-a and whole both have raw\/several\/a\//,
  ],
  ['a mix of several', several(['mixed']), /run sample\/mixed is itself a mix of several runs/],
  ['another sequence length', several(['short']), /their sequenceLength differ/],
  ['a run twice', several(['part-a']), /from: names run "part-a" more than once/],
  [
    'another stage',
    { domain: 'sample', from: { run: 'part-a', also: ['part-b'], stage: 'template' } },
    /also: runs are mixed with each other, from stage "mix"/,
  ],
])(
  '%s is refused',
  async (what, spec, message) => {
    if (what.includes('length')) await runs(specOf('raw/several/c/', { sequenceLength: 256 }), 'short');
    await expect(pipeline.runIngest(spec, 'refused')).rejects.toMatchObject({
      cause: { cause: { message: expect.stringMatching(message) } },
    });
  },
  120_000,
);
