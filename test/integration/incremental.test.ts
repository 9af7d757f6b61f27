import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDomain, openDomain } from '../../activities/segment/open-domain.ts';
import { abandonRun } from '../../client/abandon-run.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import type { Target } from '../../client/target.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { exitOfState, readRunState } from '../../client/view/run-state.ts';
import { summaryLines } from '../../client/view/summary.ts';
import { BadUsage, TemporalUnavailable } from '../../lake/errors.ts';
import { append, type LogEntry, readHead, readLog, withoutRun } from '../../lake/log.ts';
import { type IngestResult, type IngestSpec, type Progress, QUEUES } from '../../workflows/contract.ts';
import { failureOf, historiesOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

const WITHIN = { within: 60_000 };
const passages = samplePassages().map(({ text }) => text);

let pipeline: Pipeline;
let target: Target;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab({ searchAttributes: true }));
  await pipeline.work();
  target = {
    connection: { address: pipeline.lab.address },
    namespace: pipeline.lab.namespace,
    lake: pipeline.lab.s3,
    ui: undefined,
    stack: undefined,
    chosen: true,
    said: 'the lab',
  };
});
afterAll(() => pipeline?.close());

const put = (domain: string, name: string, from: number): Promise<void> =>
  putTexts(pipeline.store, `raw/${domain}/${name}.parquet`, passages.slice(from, from + 2));
const night = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec(domain, { mode: 'incremental', ...changes });
/** Starts a run that asks for its domain ten times a second. */
const start = (spec: IngestSpec, run: string, carried: object = {}): Promise<WorkflowHandle> =>
  pipeline.lab.client.workflow.start('ingestDomain', {
    workflowId: `ingest/${spec.domain}/${run}`,
    taskQueue: QUEUES.workflows,
    args: [spec, { askAgainMs: 100, ...carried }],
  });
const progressOf = (handle: WorkflowHandle): Promise<Progress> => handle.query<Progress>('progress');
const headOf = async (domain: string): Promise<LogEntry> => (await readHead(pipeline.store, domain)).entry;
const holds = (domain: string, run: string): Promise<true> =>
  until(async () => (await headOf(domain)).open?.run === run || undefined, {
    ...WITHIN,
    what: `${run} did not open its domain`,
    every: 5,
  });
const waits = (handle: WorkflowHandle, by: string): Promise<Progress> =>
  until(
    async () => {
      const progress = await progressOf(handle);
      return progress.waiting?.by === by ? progress : undefined;
    },
    { ...WITHIN, what: `it did not wait for ${by}` },
  );
/** A run that holds its domain, and starts nothing new. */
async function holder(domain: string, run: string): Promise<WorkflowHandle> {
  const handle = await start(night(domain), run);
  await holds(domain, run);
  await handle.executeUpdate('pause');
  return handle;
}
const activitiesOf = async (workflowId: string): Promise<string[]> =>
  (await historiesOf(pipeline.lab.client, workflowId)).flatMap(({ history }) =>
    (history.events ?? []).flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
    ),
  );
const verified = async (domain: string, run: string): Promise<void> => {
  const checks = await verifyRun(pipeline.store, { domain, run }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
};

describe('two incremental runs of one domain at once', () => {
  test('one waits, says so everywhere, can be paused, and goes on when the other has published', async () => {
    await put('turns', 'a', 0);
    const one = await holder('turns', 'one');
    const two = await start(night('turns'), 'two');
    const { phase, waiting } = await waits(two, 'one');
    expect(phase).toBe('open');
    expect(Date.parse(waiting?.since ?? '')).toBeLessThanOrEqual(Date.now());
    const listed = async (): Promise<true | undefined> => {
      const query = `Domain="turns" AND Phase="waiting" AND ExecutionStatus="Running"`;
      for await (const { workflowId } of pipeline.lab.client.workflow.list({ query })) {
        return workflowId === two.workflowId || undefined;
      }
      return undefined;
    };
    await until(listed, { within: 20_000, what: 'no list shows it' });
    const { currentDetails } = await two.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain('for run one, which holds the domain');
    const seen = await readRunState(target, { domain: 'turns', run: 'two' });
    expect(seen).toMatchObject({ mode: 'incremental', waitingFor: waiting, status: 'running' });

    await two.executeUpdate('pause');
    // A full run needs no domain, and takes none.
    await pipeline.runIngest(textSpec('turns'), 'full');
    await one.executeUpdate('resume');
    expect(await one.result()).toMatchObject({ publication: { key: expect.any(String) } });
    await put('turns', 'b', 2);
    expect((await headOf('turns')).open).toBeNull();
    expect(await progressOf(two)).toMatchObject({ paused: true, waiting: { by: 'one' } });
    await two.executeUpdate('resume');
    const { counts } = (await two.result()) as IngestResult;
    expect(await progressOf(two)).toMatchObject({ phase: 'done', waiting: null });

    const { open, published } = await headOf('turns');
    expect(open).toBeNull();
    expect(published.map(({ run, mode }) => `${run} ${mode}`)).toEqual([
      'full full',
      'one incremental',
      'two incremental',
    ]);
    const opened: (string | null)[] = [];
    for await (const { entry } of readLog(pipeline.store, 'turns')) opened.push(entry.open?.run ?? null);
    expect(opened).toEqual(['one', 'one', null, 'two', null]);
    expect(counts).toMatchObject({ takenSources: 1, sources: 1, plannedRows: 2, keptRows: 2 });
    await verified('turns', 'one');
    await verified('turns', 'two');
  });

  test('one that waits for days does so in new executions, and knows since when', async () => {
    await put('days', 'a', 0);
    const one = await holder('days', 'one');
    const two = await start(night('days'), 'two', { historyEvents: 1 });
    const first = (await two.describe()).raw.workflowExecutionInfo?.firstRunId;
    const before = await waits(two, 'one');
    const later = async (): Promise<true | undefined> => {
      const chain = await historiesOf(pipeline.lab.client, two.workflowId, first ?? undefined);
      return chain.length >= 3 || undefined;
    };
    await until(later, { ...WITHIN, what: 'it did not go on in a new execution' });
    const now = pipeline.lab.client.workflow.getHandle(two.workflowId);
    expect((await waits(now, 'one')).waiting).toEqual(before.waiting);
    await one.executeUpdate('resume');
    await one.result();
    await now.result();
    expect((await headOf('days')).published.map(({ run }) => run)).toContain('one');
    expect((await headOf('days')).open).toBeNull();
  });

  test('one that is cancelled while it waits leaves the domain to the other', async () => {
    await put('left', 'a', 0);
    const one = await holder('left', 'one');
    const two = await start(night('left'), 'two');
    await waits(two, 'one');
    await two.cancel();
    await expect(two.result()).rejects.toThrow();
    expect((await two.describe()).status.name).toBe('CANCELLED');
    expect((await headOf('left')).open?.run).toBe('one');
    await one.executeUpdate('resume');
    await one.result();
    expect(await headOf('left')).toMatchObject({ open: null, published: [{ run: 'one' }] });
  });
});

describe('the domain is closed', () => {
  test('when the run fails', async () => {
    await pipeline.store.put('raw/fails/a.parquet', 'no Parquet');
    const { type } = await failureOf((await start(night('fails', { decisionTimeout: '1s' }), 'r1')).result());
    expect(type).toBe('TooManyFailedSources');
    expect(await headOf('fails')).toMatchObject({ number: 2, open: null, published: [] });
    const state = await readRunState(target, { domain: 'fails', run: 'r1' });
    expect(state).toMatchObject({ status: 'failed', standing: 'closed', notes: [] });
  });

  test('when it is cancelled, parked or in its work', async () => {
    await pipeline.store.put('raw/stops/a.parquet', 'no Parquet');
    const parked = await start(night('stops'), 'parked');
    await until(async () => (await progressOf(parked)).parked ?? undefined, {
      ...WITHIN,
      what: 'not parked',
    });
    await parked.cancel();
    await expect(parked.result()).rejects.toThrow();
    expect((await headOf('stops')).open).toBeNull();
    const paused = await holder('stops', 'paused');
    await paused.cancel();
    await expect(paused.result()).rejects.toThrow();
    expect((await paused.describe()).status.name).toBe('CANCELLED');
    expect(await headOf('stops')).toMatchObject({ number: 4, open: null });
  });

  test('by `abandon` when the workflow was terminated, and not while it runs', async () => {
    const { store } = pipeline;
    await put('gone', 'a', 0);
    const run = { domain: 'gone', run: 'one' };
    await expect(abandonRun(target, store, run, true)).rejects.toThrow('nobody does');
    const one = await holder('gone', 'one');
    await expect(abandonRun(target, store, run, false)).rejects.toThrow(BadUsage);
    await expect(abandonRun(target, store, run, true)).rejects.toThrow('temporal workflow cancel');
    await one.terminate();
    const two = await start(night('gone'), 'two');
    await waits(two, 'one');
    const state = await readRunState(target, run);
    expect(state).toMatchObject({ status: 'terminated', standing: 'open' });
    expect(summaryLines(state).join('\n')).toContain('instruct-lake abandon gone/one');

    const away = { ...target, connection: { address: '127.0.0.1:9' } };
    const unasked = abandonRun(away, store, run, false);
    await expect(unasked).rejects.toThrow(TemporalUnavailable);
    await expect(unasked).rejects.toThrow('--force');
    await expect(abandonRun(target, store, { ...run, run: 'two' }, false)).rejects.toThrow('gone/one does');
    expect(await abandonRun(target, store, run, false)).toEqual({ asked: 'closed' });
    await two.result();
    expect(await headOf('gone')).toMatchObject({ open: null, published: [{ run: 'two' }] });

    // Terminated and started again: it holds the domain already, and goes on where it was.
    await put('gone', 'b', 2);
    const three = await holder('gone', 'three');
    await three.terminate();
    await pipeline.runIngest(night('gone'), 'three');
    expect((await headOf('gone')).published.map(({ run }) => run)).toEqual(['two', 'three']);

    const four = { domain: 'gone', run: 'four' };
    await openDomain({ store }, { run: four });
    expect(await abandonRun(away, store, four, true)).toEqual({ asked: 'not asked' });
    await openDomain({ store }, { run: four });
    expect(await abandonRun(target, store, four, false)).toEqual({ asked: 'unknown' });
    expect((await headOf('gone')).open).toBeNull();
  });
});

test('a run that has published finds that out when it is started again, and does nothing', async () => {
  await put('again', 'a', 0);
  const first = await pipeline.runIngest(night('again'), 'r1');
  const { number } = await headOf('again');
  await put('again', 'b', 2);
  const again = await pipeline.runIngest(night('again'), 'r1');
  expect(again.publication).toEqual(first.publication);
  expect((await headOf('again')).number).toBe(number);
  const since = await activitiesOf('ingest/again/r1');
  expect(since).toEqual(['openRun', 'openDomain']);
  const state = await readRunState(target, { domain: 'again', run: 'r1' });
  expect(state).toMatchObject({ status: 'completed', standing: 'published' });
  expect(exitOfState(state)).toBe(0);

  // What was retracted is published anew.
  await append(pipeline.store, 'again', (log) => withoutRun(log, 'r1'));
  const retracted = await readRunState(target, { domain: 'again', run: 'r1' });
  expect(retracted).toMatchObject({ status: 'completed', standing: 'retracted', publication: null });
  expect(summaryLines(retracted).join('\n')).toContain('it was retracted since');
  await pipeline.runIngest(night('again'), 'r1');
  expect((await headOf('again')).published.map(({ run }) => run)).toEqual(['r1']);
});

test('a run that finds nothing new completes, publishes and trains nothing, and closes its domain', async () => {
  const { store } = pipeline;
  await store.put('raw/quiet/readme.txt', 'not Parquet by name');
  const result = await pipeline.runIngest(night('quiet', { train: { launcher: 'default' } }), 'r1');
  expect(result).toMatchObject({ publication: null, training: null, counts: { sources: 0 } });
  expect(await headOf('quiet')).toMatchObject({ number: 2, open: null, published: [] });
  expect(await activitiesOf('ingest/quiet/r1')).toEqual([
    'openRun',
    'openDomain',
    'planSources',
    'closeDomain',
  ]);
  const state = await readRunState(target, { domain: 'quiet', run: 'r1' });
  expect(exitOfState(state)).toBe(0);
  expect(summaryLines(state).join('\n')).toContain('nothing new, so nothing is published');
});

test('a run that keeps nothing takes its sources, and replaces what their older versions had', async () => {
  const { store } = pipeline;
  const spec = night('empty', { train: { launcher: 'default' } });
  // Rows that none of is a text.
  await putTexts(store, 'raw/empty/a.parquet', [null, '  ']);
  const nothing = { publication: { key: expect.any(String) }, training: null };
  expect(await pipeline.runIngest(spec, 'r1')).toMatchObject({
    ...nothing,
    counts: { sources: 1, rejects: 2, publishedDocuments: 0 },
  });
  await verified('empty', 'r1');
  await put('empty', 'b', 0);
  await pipeline.runIngest(night('empty'), 'r2');
  // The same texts under another name.
  await put('empty', 'c', 0);
  expect(await pipeline.runIngest(spec, 'r3')).toMatchObject({
    ...nothing,
    counts: { sources: 1, takenSources: 2, duplicates: 2, earlierDuplicates: 2 },
  });
  await verified('empty', 'r3');
  // A newer version that lacks a row.
  await putTexts(store, 'raw/empty/b.parquet', passages.slice(0, 1));
  expect(await pipeline.runIngest(spec, 'r4')).toMatchObject({ ...nothing, counts: { duplicates: 1 } });
  await verified('empty', 'r4');
  expect(await headOf('empty')).toMatchObject({ open: null, tombstones: [{ run: 'r4' }] });
  expect(await pipeline.runIngest(spec, 'r5')).toMatchObject({ publication: null, counts: { sources: 0 } });
  // The row that is gone stands for nothing any more.
  await putTexts(store, 'raw/empty/d.parquet', passages.slice(1, 2));
  expect(await pipeline.runIngest(night('empty'), 'r6')).toMatchObject({ counts: { keptRows: 1 } });
});

test('closing a domain that another run holds does nothing', async () => {
  const { store } = pipeline;
  await openDomain({ store }, { run: { domain: 'held', run: 'one' } });
  expect(await openDomain({ store }, { run: { domain: 'held', run: 'two' } })).toEqual({
    state: 'taken',
    by: 'one',
  });
  await closeDomain({ store }, { run: { domain: 'held', run: 'two' } });
  expect((await headOf('held')).open?.run).toBe('one');
});
