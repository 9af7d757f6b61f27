import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../activities/publish/verify.ts';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { readChecked } from '../../lake/commit.ts';
import { copyKey } from '../../lake/layout.ts';
import { checkLog } from '../../lake/log.ts';
import type { Failures, IngestResult, Progress } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { canonical, openPipeline, type Pipeline, publicationOf } from '../pipeline.ts';

const RUN = { domain: 'sample', run: 'r1' };
const { train: _, ...SPEC } = sampleSpec;

let plain: Pipeline;
let prepared: Pipeline;
let results: [IngestResult, IngestResult];
beforeAll(async () => {
  [plain, prepared] = await Promise.all([
    openLab().then(openPipeline),
    openLab({ searchAttributes: true }).then(openPipeline),
  ]);
  const ingest = async (pipeline: Pipeline): Promise<IngestResult> => {
    await putSample(pipeline.store);
    await pipeline.work();
    return pipeline.runIngest(SPEC, RUN.run);
  };
  results = await Promise.all([ingest(plain), ingest(prepared)]);
}, 180_000);
afterAll(() => Promise.all([plain?.close(), prepared?.close()]));

test('a run is published by one entry of the domain log, and every byte of it verifies', async () => {
  const { entry } = await checkLog(plain.store, RUN.domain);
  const { publication } = results[0];
  expect(entry.number).toBe(1);
  expect(entry.published).toEqual([{ run: 'r1', generation: 1, mode: 'full', publication }]);
  const checks = await verifyRun(plain.store, RUN, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const { shards } = await publicationOf(plain.store, RUN);
  expect(shards.length).toBeGreaterThan(1);
  const names = checks.map(({ what }) => what);
  expect(names).toEqual(expect.arrayContaining(shards.map(({ name }) => `shard ${name}`)));
});

test('a changed byte of a shard is found', async () => {
  const { shards } = await publicationOf(prepared.store, RUN);
  const key = shards[0]?.bin.key ?? '';
  const body = (await prepared.store.find(key)) ?? new Uint8Array();
  const changed = body.slice();
  changed[0] = (changed[0] ?? 0) ^ 1;
  await prepared.store.put(key, changed);
  const wrong = (await verifyRun(prepared.store, RUN, () => {})).filter(({ ok }) => !ok);
  await prepared.store.put(key, body);
  expect(wrong.map(({ what }) => what)).toEqual([`shard ${shards[0]?.name}`]);
});

test('the counts of the manifest tell what went in and what came out', async () => {
  const { manifest } = await publicationOf(plain.store, RUN);
  const { counts, smokeTest, mix, spec } = await readManifest(plain.store, manifest);
  expect(smokeTest).toBe(true);
  expect(spec).not.toHaveProperty('input.partitionBytes');
  expect(counts.rows).toEqual({
    planned: 60,
    kept: 60,
    duplicates: 0,
    nearDuplicates: 0,
    earlierDuplicates: 0,
    heldBack: 0,
    rejects: 0,
    rejectReasons: {},
    failed: 0,
    replaced: 0,
  });
  expect(counts.texts.prompted).toBe(60);
  expect(counts.texts.linked).toBeGreaterThan(0);
  expect(counts.pairs.valid).toBeGreaterThan(50);
  expect(counts.instructions.documents).toBe(40);
  expect(plain.endpoint.asked).toHaveLength(60);
  const [augmented, instructions] = mix;
  expect((augmented?.got ?? 0) / (instructions?.got ?? 1)).toBeCloseTo(4, 1);
  const copy = JSON.parse(
    new TextDecoder().decode(await plain.store.find(copyKey(RUN, 'manifest.json'))),
  ) as object;
  const core = JSON.parse(new TextDecoder().decode(await readChecked(plain.store, manifest))) as object;
  expect(copy).toMatchObject(core);
});

test('the queries answer when the run is over', async () => {
  const handle = plain.lab.client.workflow.getHandle(`ingest/${RUN.domain}/${RUN.run}`);
  const progress = await handle.query<Progress>('progress');
  expect(progress).toMatchObject({
    phase: 'done',
    done: 1,
    total: 1,
    lanes: [],
    model: 'instruct-lake-rules',
    counts: { texts: 60, prompted: 60 },
  });
  expect(await handle.query<Failures>('failures')).toEqual({ total: 0, sources: [] });
});

describe('search attributes', () => {
  test('where they are registered, runs are found by them', async () => {
    const query = `Domain="${RUN.domain}" AND Run="${RUN.run}" AND Phase="done" AND FailedPartitions=0`;
    const found = async (): Promise<string | undefined> => {
      for await (const { workflowId } of prepared.lab.client.workflow.list({ query })) return workflowId;
      return undefined;
    };
    const options = { within: 20_000, what: 'the run was not found' };
    expect(await until(found, options)).toBe(`ingest/${RUN.domain}/${RUN.run}`);
  });

  test('where they are not, nothing of the run is another', async () => {
    // Seconds are of the clock; everything else is counted.
    const counted = results.map(({ counts: { requestSeconds: _, ...rest } }) => rest);
    expect(counted[1]).toEqual(counted[0]);
    expect(await canonical(prepared.store, RUN)).toEqual(await canonical(plain.store, RUN));
  });
});
