import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readManifest } from '../../activities/publish/verify.ts';
import type { ScannedSource } from '../../activities/scan/scan-partition.ts';
import { TEXTS } from '../../activities/scan/texts.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { outputOf } from '../../lake/commit.ts';
import { type PublishedRun, publishedRun, readHead } from '../../lake/log.ts';
import {
  type IngestResult,
  type IngestSpec,
  type Parked,
  type Progress,
  QUEUES,
  type ReplayRequest,
  type RunRef,
} from '../../workflows/contract.ts';
import { failureOf, refusalOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import {
  brokenPages,
  type Canonical,
  canonical,
  commitsOf,
  openPipeline,
  type Pipeline,
  publicationOf,
  putTexts,
  textSpec,
} from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
});
afterAll(() => pipeline?.close());

const texts = samplePassages().map(({ text }) => text);
const text = (i: number): string => texts[i] as string;
const keyIn = (prefix: string, name: string): string => `raw/${prefix}/${name}.parquet`;
const tolerant = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec(domain, { maxFailedFraction: 1, ...changes });

const startReplay = ({ domain, run }: RunRef, request: Partial<ReplayRequest> = {}) =>
  pipeline.lab.client.workflow.start('replayPartitions', {
    workflowId: `ingest/${domain}/${run}`,
    taskQueue: QUEUES.workflows,
    args: [{ domain, run, sources: 'failed', ...request }],
  });
async function replay(run: RunRef, request: Partial<ReplayRequest> = {}): Promise<IngestResult> {
  return (await (await startReplay(run, request)).result()) as IngestResult;
}
const refused = async (run: RunRef, request: Partial<ReplayRequest> = {}) =>
  failureOf((await startReplay(run, request)).result());
const published = async (run: RunRef): Promise<PublishedRun | undefined> =>
  publishedRun((await readHead(pipeline.store, run.domain)).entry, run.run);
async function verified(run: RunRef): Promise<void> {
  const checks = await verifyRun(pipeline.store, run, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
}
/** How many completions were asked for meanwhile. */
async function asked<T>(work: () => Promise<T>): Promise<{ requests: number; result: T }> {
  const before = pipeline.endpoint.asked.length;
  const result = await work();
  return { requests: pipeline.endpoint.asked.length - before, result };
}
/** Canonical objects that do not name their domain. */
async function made(run: RunRef): Promise<Canonical> {
  const { core, ...rest } = await canonical(pipeline.store, run);
  const { domain: _, spec, ...same } = core as { domain: string; spec: { domain: string } };
  return { core: { ...same, spec: { ...spec, domain: '' } }, ...rest };
}
const parks = (handle: WorkflowHandle): Promise<Parked> =>
  until(async () => (await handle.query<Progress>('progress')).parked ?? undefined, {
    within: 60_000,
    what: 'it did not park',
  });

/** Files of which two are broken, b in its footer and d in its pages; b has a text of c, which b's is kept for once it is mended. */
async function putBroken(prefix: string): Promise<void> {
  const { store } = pipeline;
  await putTexts(store, keyIn(prefix, 'a'), [text(0), text(1)]);
  await store.put(keyIn(prefix, 'b'), 'not Parquet');
  await putTexts(store, keyIn(prefix, 'c'), [text(2), text(3), text(4)]);
  await store.put(keyIn(prefix, 'd'), brokenPages([text(5), text(6)]));
  await putTexts(store, keyIn(prefix, 'e'), [text(7), text(8)]);
}
async function mend(prefix: string): Promise<void> {
  await putTexts(pipeline.store, keyIn(prefix, 'b'), [text(9), text(3), text(10)]);
  await putTexts(pipeline.store, keyIn(prefix, 'd'), [text(5), text(6)]);
}

describe('a replay of a published run', () => {
  const RUN = { domain: 'full', run: 'r1' };
  const spec = tolerant('full');
  let first: PublishedRun;

  test('is refused while nothing is mended, and leaves what is published', async () => {
    await putBroken('full');
    await pipeline.runIngest(spec, 'r1');
    first = (await published(RUN)) as PublishedRun;
    const { type, message } = await refused(RUN);
    expect(type).toBe('TooManyFailedSources');
    expect(message).toContain(keyIn('full', 'b'));
    expect(message).toContain('stays as it is');
    expect(await published(RUN)).toEqual(first);
  });

  test('is refused where it cannot mean anything', async () => {
    expect(await refused(RUN, { sources: [keyIn('full', 'f')] })).toMatchObject({
      type: 'NothingToReplay',
      message: expect.stringContaining(`did you mean "${keyIn('full', 'a')}"`),
    });
    expect((await refused(RUN, { sources: [keyIn('full', 'a')] })).message).toContain('are the same');
    expect((await refused(RUN, { from: 'scan' })).message).toContain(
      'b.parquet failed in plan (CorruptParquet)',
    );
    expect(await refused({ domain: 'full', run: 'never' })).toMatchObject({ type: 'RunNotFound' });
    expect((await refused(RUN, { sources: [] })).type).toBe('InvalidSpec');
    expect((await refused(RUN, { from: 'mix' as 'plan' })).message).toContain('from');
    const other = pipeline.lab.client.workflow.execute('replayPartitions', {
      workflowId: 'ingest/full/r1',
      taskQueue: QUEUES.workflows,
      args: [{ domain: 'full', run: 'r2', sources: 'failed' }],
    });
    expect((await failureOf(other)).message).toContain('they must agree');
  });

  test('gives what an undisturbed run gives, asks for no more than it must, and takes the place of the first', async () => {
    await mend('full');
    const { requests, result } = await asked(() => replay(RUN));
    expect(result).toMatchObject({ ...RUN, generation: 2 });
    // Five texts were mended; text 3 among them has had its answer, in c.
    expect(requests).toBe(4);
    const second = (await published(RUN)) as PublishedRun;
    expect(second.generation).toBe(2);
    expect((await readHead(pipeline.store, 'full')).entry.published).toEqual([second]);
    await verified(RUN);

    await pipeline.runIngest(spec, 'whole');
    expect(await made(RUN)).toEqual(await made({ domain: 'full', run: 'whole' }));
    const { manifest } = await publicationOf(pipeline.store, RUN);
    const { counts, failedSources } = await readManifest(pipeline.store, manifest);
    expect(failedSources).toEqual([]);
    expect(counts.rows).toMatchObject({ planned: 12, kept: 11, duplicates: 1, failed: 0 });
  });

  test('stands when the run is started again, whatever its raw objects are by then', async () => {
    const second = await published(RUN);
    await putTexts(pipeline.store, keyIn('full', 'g'), [text(11)]);
    const { requests, result } = await asked(() => pipeline.runIngest(spec, 'r1'));
    expect(requests).toBe(0);
    expect(result.publication).toEqual(second?.publication);
    expect((await refused(RUN)).message).toContain('none of its sources has failed');
  });

  test('takes a source that was replaced since, by its name, and no other', async () => {
    await putTexts(pipeline.store, keyIn('full', 'a'), [text(0), text(12)]);
    const { requests, result } = await asked(() => replay(RUN, { sources: [keyIn('full', 'a')] }));
    expect(result.generation).toBe(3);
    expect(requests).toBe(1);
    await verified(RUN);
    await pipeline.store.put(keyIn('full', 'g'), 'not Parquet');
    await pipeline.runIngest(spec, 'again');
    const again = (await made({ domain: 'full', run: 'again' })) as { core: object; shards: object };
    expect((await made(RUN)).shards).toEqual(again.shards);
  });
});

describe('a run that is parked', () => {
  test('replays in place what failed, and parks again where it is broken still', async () => {
    const RUN = { domain: 'place', run: 'r1' };
    await putBroken('place');
    const handle = await pipeline.start(textSpec('place'), 'r1');
    expect(await parks(handle)).toMatchObject({
      phase: 'plan',
      decisions: ['acceptPartial', 'replayFailed'],
    });
    await putTexts(pipeline.store, keyIn('place', 'b'), [text(9), text(3), text(10)]);
    expect(await handle.executeUpdate('replayFailed')).toEqual({ failed: 1 });
    const second = await until(
      async () => {
        const { parked } = await handle.query<Progress>('progress');
        return parked?.phase === 'scan' ? parked : undefined;
      },
      { within: 60_000, what: 'it did not park for d' },
    );
    expect(second.message).toMatch(/^1 of 5 sources failed/);
    await handle.executeUpdate('replayFailed');
    const third = await until(
      async () => {
        const { parked } = await handle.query<Progress>('progress');
        return parked !== null && parked.since !== second.since ? parked : undefined;
      },
      { within: 60_000, what: 'it did not park again' },
    );
    expect(third.message).toContain(keyIn('place', 'd'));
    await putTexts(pipeline.store, keyIn('place', 'd'), [text(5), text(6)]);
    await handle.executeUpdate('replayFailed');
    await handle.result();
    expect((await published(RUN))?.generation).toBe(1);
    await verified(RUN);
    await pipeline.runIngest(textSpec('place'), 'whole');
    expect(await made(RUN)).toEqual(await made({ domain: 'place', run: 'whole' }));
  });

  test('refuses a replay while nothing has failed', async () => {
    await putTexts(pipeline.store, keyIn('calm', 'a'), [text(0)]);
    const handle = await pipeline.start(textSpec('calm'), 'r1');
    const opened = async (): Promise<true | undefined> =>
      (await handle.query<Progress>('progress')).phase === 'open' ? undefined : true;
    await until(opened, { within: 60_000, what: 'it did not open', every: 5 });
    const refusal = refusalOf(handle.executeUpdate('replayFailed'));
    expect(await refusal).toMatch(/no failed source so far|publishes already/);
    await handle.result();
  });
});

describe('a partition that failed since the verdicts', () => {
  test('begins again with its rows, whatever became of what the lake held of it', async () => {
    const { store } = pipeline;
    const RUN = { domain: 'later', run: 'r1' };
    const input = { prefix: 'raw/later/', text: 'text', partitionBytes: 1_024 };
    await putTexts(store, keyIn('later', 'a'), [text(0), text(1)]);
    await putTexts(store, keyIn('later', 'b'), [text(2), text(3)]);
    const handle = await pipeline.start(tolerant('later', { input }), 'r1');
    await handle.executeUpdate('pause');
    await handle.executeUpdate('resume');
    await handle.result();
    // As if it had been damaged before the run went on: a later stage of a new generation meets it.
    const commits = await commitsOf(store, RUN, 'scan');
    const ofB = commits.find(({ data }) =>
      (data as ScannedSource[]).some(({ key }) => key.endsWith('b.parquet')),
    );
    const whole = await store.find(outputOf(ofB as (typeof commits)[number], TEXTS).key);
    await store.put(outputOf(ofB as (typeof commits)[number], TEXTS).key, 'damaged');
    await putTexts(store, keyIn('later', 'a'), [text(2), text(0)]);
    await replay(RUN, { sources: [keyIn('later', 'a')] });
    const { manifest } = await publicationOf(store, RUN);
    expect((await readManifest(store, manifest)).failedSources).toEqual([
      { key: keyIn('later', 'b'), type: 'CorruptLake' },
    ]);

    const { type } = await refused(RUN, { from: 'synthesize' });
    expect(type).toBe('TooManyFailedSources');
    const { requests } = await asked(() => replay(RUN));
    // Text 3 alone: text 2 is now a's, and what was answered before is answered.
    expect(requests).toBeLessThanOrEqual(1);
    expect(whole).toBeDefined();
    await verified(RUN);
    await pipeline.runIngest(tolerant('later', { input }), 'whole');
    expect(await made(RUN)).toEqual(await made({ domain: 'later', run: 'whole' }));
  });
});

describe('a replay of a night', () => {
  const night = (domain: string, from: string): IngestSpec =>
    tolerant(domain, { mode: 'incremental', input: { prefix: `raw/${from}/`, text: 'text' } });

  test('with no other since gives what a night gives in which nothing failed', async () => {
    await putBroken('one');
    await pipeline.runIngest(night('nights', 'one'), 'n1');
    await mend('one');
    const { result } = await asked(() => replay({ domain: 'nights', run: 'n1' }));
    expect(result.generation).toBe(2);
    const { entry } = await readHead(pipeline.store, 'nights');
    expect(entry.open).toBeNull();
    await verified({ domain: 'nights', run: 'n1' });
    await pipeline.runIngest(night('calm-nights', 'one'), 'n1');
    expect(await made({ domain: 'nights', run: 'n1' })).toEqual(
      await made({ domain: 'calm-nights', run: 'n1' }),
    );
  });

  test('leaves to later nights what they have published, and its own documents to itself', async () => {
    const { store } = pipeline;
    const first = { domain: 'since', run: 'n1' };
    await putTexts(store, keyIn('since', 'a'), [text(0), text(1)]);
    await store.put(keyIn('since', 'b'), 'not Parquet');
    await pipeline.runIngest(night('since', 'since'), 'n1');
    // Text 1 is the first night's; text 2 will be in b as well.
    await putTexts(store, keyIn('since', 'c'), [text(1), text(2)]);
    const { counts } = await pipeline.runIngest(night('since', 'since'), 'n2');
    expect(counts).toMatchObject({ earlierDuplicates: 1 });
    await putTexts(store, keyIn('since', 'b'), [text(2), text(3)]);
    const { requests, result } = await asked(() => replay(first));
    expect(requests).toBe(1);
    expect(result.counts).toMatchObject({ earlierDuplicates: 1, duplicates: 1, plannedRows: 4 });
    await verified(first);
    await verified({ domain: 'since', run: 'n2' });
    // The next night finds all of it.
    await putTexts(store, keyIn('since', 'd'), [text(0), text(1), text(2), text(3), text(4)]);
    const { counts: last } = await pipeline.runIngest(night('since', 'since'), 'n3');
    expect(last).toMatchObject({ earlierDuplicates: 4, validTexts: 5 });
  });

  test('is refused where a later night has taken what failed', async () => {
    const { store } = pipeline;
    await putTexts(store, keyIn('taken', 'a'), [text(0), text(1)]);
    await store.put(keyIn('taken', 'b'), 'not Parquet');
    await pipeline.runIngest(night('taken', 'taken'), 'n1');
    await putTexts(store, keyIn('taken', 'b'), [text(2), text(3)]);
    await pipeline.runIngest(night('taken', 'taken'), 'n2');
    const { type, message } = await refused({ domain: 'taken', run: 'n1' });
    expect(type).toBe('NothingToReplay');
    expect(message).toContain('taken by later runs');
    expect((await readHead(store, 'taken')).entry.open).toBeNull();
  });
});
