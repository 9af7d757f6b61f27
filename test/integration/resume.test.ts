import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { checkLog } from '../../lake/log.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { attemptsOf, startedNow } from '../executions.ts';
import { openLab } from '../lab.ts';
import {
  type Canonical,
  canonical,
  commitsOf,
  openPipeline,
  type Pipeline,
  publicationOf,
  putTexts,
  textSpec,
} from '../pipeline.ts';

const RUN = { domain: 'resumed', run: 'r1' };
const ID = `ingest/${RUN.domain}/${RUN.run}`;
const spec: IngestSpec = textSpec(RUN.domain, {
  input: { prefix: `raw/${RUN.domain}/`, text: 'text', partitionBytes: 1_024 },
});
const texts = samplePassages()
  .slice(0, 12)
  .map(({ text }) => text);

async function putCorpus({ store }: Pipeline): Promise<void> {
  await putTexts(store, `raw/${RUN.domain}/a.parquet`, texts.slice(0, 6));
  await putTexts(store, `raw/${RUN.domain}/b.parquet`, texts.slice(6));
}

/** A run on servers of its own in which nothing happened. */
let undisturbed: Canonical;
let pipeline: Pipeline;
beforeAll(async () => {
  const other = await openPipeline(await openLab());
  await putCorpus(other);
  await other.work();
  await other.runIngest(spec, RUN.run);
  undisturbed = await canonical(other.store, RUN);
  await other.close();
  // A round takes three seconds: longer than a worker that shuts down lets its activities go on.
  pipeline = await openPipeline(await openLab(), { delayMs: 1_000, concurrency: 2 });
  await putCorpus(pipeline);
}, 120_000);
afterAll(() => pipeline?.close());

test('a worker that is shut down in the middle of a round hands the run to the next one', async () => {
  const { client } = pipeline.lab;
  const first = await pipeline.work();
  const handle = await pipeline.start(spec, RUN.run);
  const inRound = async (): Promise<true | undefined> =>
    pipeline.endpoint.answered() > 0 && (await startedNow(client, ID, 'synthesizeRound')) > 0
      ? true
      : undefined;
  await until(inRound, { within: 60_000, what: 'no round began' });
  await first.close();
  const before = pipeline.endpoint.asked.length;
  expect(before).toBeLessThan(texts.length);
  expect((await handle.describe()).status.name).toBe('RUNNING');

  await pipeline.work();
  await handle.result();
  const attempts = await attemptsOf(client, ID);
  expect(Math.max(...(attempts.synthesizeRound ?? []))).toBeGreaterThan(1);
  expect(await canonical(pipeline.store, RUN)).toEqual(undisturbed);

  // What had been answered in full was not asked again.
  const { asked } = pipeline.endpoint;
  expect(new Set(asked).size).toBe(texts.length);
  expect(repeatedSince(0)).toBeLessThanOrEqual(2);
  expect(asked.slice(before).length).toBeLessThan(texts.length);
});

test('the same run started again finds everything done: no request, no commit, no log entry', async () => {
  const { store, endpoint } = pipeline;
  const asked = endpoint.asked.length;
  const before = await Promise.all([checkLog(store, RUN.domain), publicationOf(store, RUN), keys()]);
  const handle = await pipeline.start(spec, RUN.run);
  const { publication } = await handle.result();
  expect(endpoint.asked).toHaveLength(asked);
  const after = await Promise.all([checkLog(store, RUN.domain), publicationOf(store, RUN), keys()]);
  expect(after).toEqual(before);
  expect(after[0].entry.number).toBe(1);
  expect(publication).toEqual(after[0].entry.published[0]?.publication);
  expect(await commitsOf(store, RUN, 'synthesize')).toHaveLength(4);
});

test('a run that is cancelled in the middle of a round goes on where it was when it is started again', async () => {
  const { client } = pipeline.lab;
  const run = { ...RUN, run: 'r2' };
  const handle = await pipeline.start(spec, run.run);
  const asked = pipeline.endpoint.asked.length;
  const inRound = async (): Promise<true | undefined> =>
    (pipeline.endpoint.asked.length > asked + 2 &&
      (await startedNow(client, handle.workflowId, 'synthesizeRound')) > 0) ||
    undefined;
  await until(inRound, { within: 60_000, what: 'no round began' });
  await handle.cancel();
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
  const { entry } = await checkLog(pipeline.store, RUN.domain);
  expect(entry.published.map((each) => each.run)).toEqual([RUN.run]);
  expect(pipeline.endpoint.asked.length).toBeLessThan(asked + texts.length);

  await pipeline.runIngest(spec, run.run);
  expect(await canonical(pipeline.store, run)).toEqual(undisturbed);
  expect(repeatedSince(asked)).toBeLessThanOrEqual(2);
});

/** Requests beyond the first of each kind, from a place in the list on. */
function repeatedSince(from: number): number {
  const asked = pipeline.endpoint.asked.slice(from);
  return asked.length - new Set(asked).size;
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of pipeline.store.list('')) found.push(key);
  return found;
}
