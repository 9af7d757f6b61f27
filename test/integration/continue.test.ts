import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { blank } from '../../client/view/run-state.ts';
import { readExecution } from '../../client/view/temporal-state.ts';
import { type Failures, type IngestResult, type Progress, QUEUES } from '../../workflows/contract.ts';
import { historiesOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { canonical, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

const DOMAIN = 'long';
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
});
afterAll(() => pipeline?.close());

test('a run whose history is long goes on in new executions, with all that it knew', async () => {
  const { store, lab } = pipeline;
  const texts = samplePassages()
    .slice(0, 4)
    .map(({ text }) => text);
  await putTexts(store, `raw/${DOMAIN}/a.parquet`, texts);
  await store.put(`raw/${DOMAIN}/b.parquet`, 'this is no Parquet file');
  const spec = textSpec(DOMAIN);
  const workflowId = `ingest/${DOMAIN}/r1`;
  await lab.client.workflow.start('ingestDomain', {
    workflowId,
    taskQueue: QUEUES.workflows,
    args: [spec, { historyEvents: 1 }],
  });
  const handle = lab.client.workflow.getHandle(workflowId);
  const parked = async (): Promise<true | undefined> =>
    (await handle.query<Progress>('progress')).parked === null ? undefined : true;
  await until(parked, { within: 60_000, what: 'it did not park' });
  // Asked once: later executions know what was accepted.
  await handle.executeUpdate('acceptPartial');
  const result = (await handle.result()) as IngestResult;

  const chain = (await historiesOf(lab.client, workflowId)).filter(({ type }) => type === 'ingestDomain');
  // Nine phases leave something: after each of them a new execution.
  expect(chain).toHaveLength(10);
  const opened = chain.filter(({ history }) =>
    history.events?.some(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'openRun',
    ),
  );
  expect(opened).toHaveLength(1);
  expect(await handle.query<Progress>('progress')).toMatchObject({
    phase: 'done',
    model: 'instruct-lake-rules',
    parked: null,
    counts: result.counts,
  });
  expect(await handle.query<Failures>('failures')).toMatchObject({
    total: 1,
    sources: [{ key: `raw/${DOMAIN}/b.parquet`, type: 'CorruptParquet' }],
  });

  // Who looks at it sees one run, from its first execution on.
  const state = blank({ domain: DOMAIN, run: 'r1' });
  await readExecution(lab.client, state);
  const [first] = chain;
  const began = first?.history.events?.[0]?.eventTime;
  expect(state).toMatchObject({ status: 'completed', failures: { total: 1 } });
  expect(Math.floor(Date.parse(state.startedAt ?? '') / 1000)).toBe(Number(began?.seconds));

  await pipeline.runIngest(textSpec(DOMAIN, { maxFailedFraction: 0.5 }), 'short');
  const plain = (await historiesOf(lab.client, `ingest/${DOMAIN}/short`)).filter(
    ({ type }) => type === 'ingestDomain',
  );
  expect(plain).toHaveLength(1);
  expect(await canonical(store, { domain: DOMAIN, run: 'r1' })).toEqual(
    await canonical(store, { domain: DOMAIN, run: 'short' }),
  );
  const checks = await verifyRun(store, { domain: DOMAIN, run: 'r1' }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
});

test('it is found running by its spec, in whichever execution it is', async () => {
  const { store, lab } = pipeline;
  const spec = textSpec('found');
  await putTexts(store, 'raw/found/a.parquet', [samplePassages()[0]?.text ?? '']);
  const workflowId = 'ingest/found/r1';
  await lab.client.workflow.start('ingestDomain', {
    workflowId,
    taskQueue: QUEUES.workflows,
    args: [spec, { historyEvents: 1 }],
  });
  const handle = lab.client.workflow.getHandle(workflowId);
  const opened = async (): Promise<true | undefined> =>
    (await handle.query<Progress>('progress')).model === undefined ? undefined : true;
  await until(opened, { within: 60_000, what: 'it was not opened', every: 5 });
  pipeline.endpoint.refuse(401);
  const parked = async (): Promise<true | undefined> =>
    (await handle.query<Progress>('progress')).parked?.phase === 'synthesize' || undefined;
  await until(parked, { within: 60_000, what: 'it did not park' });
  expect(await startIngest(lab.client, spec, 'r1')).toMatchObject({ attached: true, workflowId });
  pipeline.endpoint.refuse(200);
  await handle.executeUpdate('resume');
  await handle.result();
});
