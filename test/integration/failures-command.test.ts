import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRunFailures } from '../../client/failures/run-failures.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import type { Target } from '../../client/target.ts';
import { type IngestSpec, type Progress, QUEUES } from '../../workflows/contract.ts';
import { failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { brokenPages, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
});
afterAll(() => pipeline?.close());

const text = (i: number): string => samplePassages()[i]?.text as string;
const target = (changes: Partial<Target> = {}): Target => ({
  connection: { address: pipeline.lab.address },
  namespace: pipeline.lab.namespace,
  lake: pipeline.lab.s3,
  ui: undefined,
  stack: undefined,
  chosen: true,
  said: 'the lab',
  ...changes,
});
const spec = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec(domain, { maxFailedFraction: 1, ...changes });
const replay = (domain: string, run: string) =>
  pipeline.lab.client.workflow.start('replayPartitions', {
    workflowId: `ingest/${domain}/${run}`,
    taskQueue: QUEUES.workflows,
    args: [{ domain, run, sources: 'failed' }],
  });

test('a published run: each source with its reason, where, since when and how often, also after Temporal has forgotten it', async () => {
  const { store } = pipeline;
  const run = { domain: 'listed', run: 'r1' };
  const [b, d] = ['b', 'd'].map((name) => `raw/listed/${name}.parquet`) as [string, string];
  await putTexts(store, 'raw/listed/a.parquet', [text(0), text(1)]);
  await store.put(b, 'not Parquet');
  await store.put(d, brokenPages([text(5), text(6)]));
  const before = new Date().toISOString();
  await pipeline.runIngest(spec('listed'), 'r1');

  const once = await readRunFailures(target(), run);
  expect(once).toMatchObject({
    status: 'completed',
    total: 2,
    sources: [
      { key: b, type: 'CorruptParquet', phase: 'plan', attempts: 1 },
      { key: d, type: 'CorruptParquet', phase: 'scan', attempts: 1 },
    ],
    notes: [],
  });
  expect(
    once.sources.every(({ message, since }) => message !== '' && (since ?? '') >= before.slice(0, 19)),
  ).toBe(true);
  expect(once.sources[0]?.replay).toBe(`instruct-lake replay listed/r1 --source ${b}`);

  // A replay that mends nothing is one more try, though nothing of it is published.
  expect((await failureOf((await replay('listed', 'r1')).result())).type).toBe('TooManyFailedSources');
  const twice = await readRunFailures(target(), run);
  expect(twice.sources.map(({ key, attempts }) => [key, attempts])).toEqual([
    [b, 2],
    [d, 2],
  ]);
  expect(twice.sources.map(({ since }) => since)).toEqual(once.sources.map(({ since }) => since));

  // One is mended: the other is of the next generation's failures.
  await putTexts(store, b, [text(9)]);
  await (await replay('listed', 'r1')).result();
  for (const changes of [{}, { namespace: 'default' }]) {
    const { total, sources } = await readRunFailures(target(changes), run);
    expect([total, sources.map(({ key, phase }) => [key, phase])]).toEqual([1, [[d, 'scan']]]);
    expect(sources[0]?.attempts).toBeGreaterThanOrEqual(2);
  }
  await putTexts(store, d, [text(5), text(6)]);
  await (await replay('listed', 'r1')).result();
  expect(await readRunFailures(target({ namespace: 'default' }), run)).toMatchObject({
    total: 0,
    sources: [],
  });
  const nowhere = { domain: 'listed', run: 'never' };
  await expect(readRunFailures(target(), nowhere)).rejects.toMatchObject({ name: 'RunNotFound' });
}, 120_000);

test('a parked run: what Temporal tells stops at a hundred, the lake goes on; without the lake that is said', async () => {
  const { store } = pipeline;
  const keys = Array.from({ length: 103 }, (_, i) => `raw/many/${String(i).padStart(3, '0')} $(x).parquet`);
  for (const key of keys) await store.put(key, 'not Parquet');
  await putTexts(store, 'raw/many/whole.parquet', [text(0)]);
  const handle = await pipeline.start(spec('many', { maxFailedFraction: 0 }), 'r1');
  await until(async () => (await handle.query<Progress>('progress')).parked ?? undefined, {
    within: 60_000,
    what: 'it did not park',
  });
  const run = { domain: 'many', run: 'r1' };
  const all = await readRunFailures(target(), run);
  expect(all).toMatchObject({ status: 'running', parked: true, total: 103, notes: [] });
  expect(all.sources.map(({ key }) => key)).toEqual(keys);
  expect(all.sources[0]).toMatchObject({
    phase: 'plan',
    attempts: 1,
    replay: `instruct-lake replay many/r1 --source '${keys[0]}'`,
  });
  const blind = await readRunFailures(target({ lake: undefined }), run);
  expect([blind.total, blind.sources.length, blind.sources[0]?.attempts]).toEqual([103, 100, null]);
  expect(blind.sources[0]?.since).toMatch(/^20.*Z$/);
  expect(blind.notes.join()).toContain('--bucket');
  await handle.terminate();
  const forgotten = await readRunFailures(target({ namespace: 'default' }), run);
  expect([forgotten.status, forgotten.total]).toEqual(['unfinished', 103]);
}, 120_000);

test('sources of instructions', async () => {
  const { store } = pipeline;
  await putTexts(store, 'raw/inst/a.parquet', [text(0)]);
  await putTexts(store, 'raw/inst-i/a.parquet', [text(1), text(2)]);
  await store.put('raw/inst-i/b.parquet', brokenPages([text(5)]));
  await store.put('raw/inst-i/c.parquet', 'not Parquet');
  const mix: IngestSpec['mix'] = {
    sources: [
      { from: 'augmented', weight: 1 },
      { from: 'instructions', prefix: 'raw/inst-i/', question: 'text', answer: 'text', weight: 1 },
    ],
  };
  await pipeline.runIngest(spec('inst', { mix }), 'r1');
  const { sources } = await readRunFailures(target({ namespace: 'default' }), { domain: 'inst', run: 'r1' });
  expect(sources.map(({ key, phase, attempts }) => [key, phase, attempts])).toEqual([
    ['raw/inst-i/b.parquet', 'template', 1],
    ['raw/inst-i/c.parquet', 'plan', 1],
  ]);
  // Nothing was mended: each has been tried once more, and what is published is without them still.
  expect((await failureOf((await replay('inst', 'r1')).result())).type).toBe('TooManyFailedSources');
  const again = await readRunFailures(target(), { domain: 'inst', run: 'r1' });
  expect(again.sources.map(({ attempts }) => attempts)).toEqual([2, 2]);
}, 120_000);
