import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { type Control, type IngestSpec, type Progress, QUEUES } from '../../workflows/contract.ts';
import { pendingNow, refusalOf } from '../executions.ts';
import { repeated } from '../faults/kill.ts';
import { openGate } from '../gate.ts';
import { openLab } from '../lab.ts';
import { canonical, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

const DOMAIN = 'steered';
const PARTITIONS = 8;
const TEXTS = 30;
const WITHIN = { within: 90_000, every: 20 };
let pipeline: Pipeline;

/** Rounds of several requests each, so that they are met under way. */
beforeAll(async () => {
  pipeline = await openPipeline(await openLab({ searchAttributes: true }), { delayMs: 100 });
  const sentences = samplePassages().flatMap(({ text }) => text.split(/(?<=[.?!])\s+/));
  for (let file = 0; file < PARTITIONS; file++) {
    const texts = Array.from({ length: TEXTS }, (_, i) => {
      const at = file * TEXTS + i;
      return sentences.slice(at, at + 3).join(' ');
    });
    await putTexts(pipeline.store, `raw/${DOMAIN}/${file}.parquet`, texts);
  }
  await pipeline.work();
  await pipeline.work();
  await pipeline.runIngest(spec(), 'undisturbed');
});
afterAll(() => pipeline?.close());

function spec(concurrency?: number): IngestSpec {
  const { input, synthesize, ...rest } = textSpec(DOMAIN, { dedupe: { near: false } });
  return {
    ...rest,
    input: { ...input, partitionBytes: 1_024 },
    synthesize: { ...synthesize, ...(concurrency === undefined ? {} : { concurrency }) },
  };
}
const progressOf = (handle: WorkflowHandle): Promise<Progress> => handle.query<Progress>('progress');
const rounds = (handle: WorkflowHandle): Promise<number> =>
  pendingNow(pipeline.lab.client, handle.workflowId, 'synthesizeRound');
const asked = (count: number): Promise<true> =>
  until(async () => pipeline.endpoint.asked.length >= count || undefined, {
    ...WITHIN,
    what: 'the endpoint was not asked',
  });
async function likeUndisturbed(run: string): Promise<void> {
  const [mine, theirs] = await Promise.all(
    [run, 'undisturbed'].map((each) => canonical(pipeline.store, { domain: DOMAIN, run: each })),
  );
  expect(mine).toEqual(theirs);
}

describe('the ceiling of requests in flight', () => {
  test('holds over two workers from the first request on, and when it is raised and lowered', async () => {
    const { endpoint } = pipeline;
    const from = endpoint.asked.length;
    endpoint.most();
    const handle = await pipeline.start(spec(3), 'bounded');
    await asked(from + 20);
    expect(await progressOf(handle)).toMatchObject({ paused: false, concurrency: 3 });
    expect(endpoint.most()).toBe(3);

    const six = await handle.executeUpdate<Control, [object]>('setConcurrency', {
      args: [{ concurrency: 6 }],
    });
    expect(six).toEqual({ paused: false, concurrency: 6 });
    let most = 0;
    await until(
      async () => {
        most = Math.max(most, endpoint.most());
        return most >= 6 || undefined;
      },
      { ...WITHIN, what: 'six requests were not in flight' },
    );
    expect(most).toBe(6);

    await handle.executeUpdate('setConcurrency', { args: [{ concurrency: 2 }] });
    await until(async () => ((await rounds(handle)) <= 2 ? true : undefined), {
      ...WITHIN,
      what: 'more than two rounds are under way',
    });
    expect(endpoint.most()).toBeLessThanOrEqual(6);
    const before = endpoint.asked.length;
    await asked(before + 10);
    expect(endpoint.most()).toBe(2);

    // Away with it: the endpoint's own limits alone hold.
    await handle.executeUpdate('setConcurrency', { args: [{ concurrency: null }] });
    await handle.result();
    expect(endpoint.most()).toBeGreaterThan(2);
    expect(repeated(endpoint.asked.slice(from))).toBe(0);
    await likeUndisturbed('bounded');
  });
});

describe('a pause', () => {
  test('ends the rounds under way, keeps their answers and starts nothing; resume goes on', async () => {
    const { endpoint, lab } = pipeline;
    const from = endpoint.asked.length;
    const handle = await pipeline.start(spec(), 'paused');
    expect(await refusalOf(handle.executeUpdate('resume'))).toMatch(
      /is neither paused nor parked|is not parked/,
    );
    await asked(from + 20);
    expect(await handle.executeUpdate('pause')).toEqual({ paused: true, concurrency: null });
    expect(await refusalOf(handle.executeUpdate('pause'))).toContain('is paused already');
    await until(async () => ((await rounds(handle)) === 0 ? true : undefined), {
      ...WITHIN,
      what: 'rounds are under way in spite of the pause',
    });
    expect(endpoint.underWay()).toBe(0);
    const stopped = endpoint.asked.length;
    const listed = async (): Promise<true | undefined> => {
      const query = `Domain="${DOMAIN}" AND Phase="paused" AND ExecutionStatus="Running"`;
      for await (const { workflowId } of lab.client.workflow.list({ query })) {
        expect(workflowId).toBe(handle.workflowId);
        return true;
      }
      return undefined;
    };
    await until(listed, { ...WITHIN, what: 'it is not listed as paused' });
    expect(await progressOf(handle)).toMatchObject({ paused: true, phase: 'synthesize' });

    // A ceiling set meanwhile holds from the first request on.
    await handle.executeUpdate('setConcurrency', { args: [{ concurrency: 2 }] });
    expect(await rounds(handle)).toBe(0);
    expect(endpoint.asked.length).toBe(stopped);
    endpoint.most();
    expect(await handle.executeUpdate('resume')).toBeNull();
    await handle.result();
    expect(endpoint.most()).toBe(2);
    expect(repeated(endpoint.asked.slice(from))).toBe(0);
    await likeUndisturbed('paused');
  });

  test('and a ceiling go with a run into its next execution; what computes may end', async () => {
    const gate = await openGate(pipeline.lab.s3.endpoint);
    const own = await openPipeline(await openLab());
    try {
      await putTexts(own.store, 'raw/long/a.parquet', [samplePassages()[0]?.text ?? '']);
      let release = (): void => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      gate.before = ({ key, method }) => (method === 'PUT' && key.includes('/mix/') ? released : undefined);
      await own.work({ ...own.settings, lake: { ...own.settings.lake, endpoint: gate.url } });
      const workflowId = 'ingest/long/r1';
      await own.lab.client.workflow.start('ingestDomain', {
        workflowId,
        taskQueue: QUEUES.workflows,
        args: [textSpec('long'), { historyEvents: 1 }],
      });
      const handle = own.lab.client.workflow.getHandle(workflowId);
      const mixing = async (): Promise<true | undefined> =>
        gate.passed.some(({ key, method }) => method === 'PUT' && key.includes('/mix/')) || undefined;
      await until(mixing, { ...WITHIN, what: 'nothing was mixed' });
      const mixes = (await handle.describe()).runId;
      await handle.executeUpdate('pause');
      await handle.executeUpdate('setConcurrency', { args: [{ concurrency: 7 }] });
      release();
      const next = async (): Promise<true | undefined> =>
        (await handle.describe()).runId === mixes ? undefined : true;
      await until(next, { ...WITHIN, what: 'it did not go on in a new execution' });
      expect(await progressOf(handle)).toMatchObject({ paused: true, concurrency: 7 });
      const { raw } = await handle.describe();
      expect([raw.pendingChildren, raw.pendingActivities]).toEqual([[], []]);
      await handle.executeUpdate('resume');
      await handle.result();
      expect(await progressOf(handle)).toMatchObject({ phase: 'done', paused: false, concurrency: 7 });
    } finally {
      await own.close();
      await gate.close();
    }
  });
});

test('nonsense is refused with a sentence; a run that is started again with another ceiling is the same run', async () => {
  const { endpoint } = pipeline;
  const from = endpoint.asked.length;
  endpoint.most();
  const handle = await pipeline.start(spec(1), 'again');
  await asked(from + 1);
  for (const args of [
    [{ concurrency: 0 }],
    [{ concurrency: -1 }],
    [{ concurrency: 1.5 }],
    [{ concurrency: '8' }],
    [{ concurrency: 2e6 }],
    [{}],
    [null],
    [3],
    [],
  ] as unknown as [object][]) {
    const refusal = await refusalOf(handle.executeUpdate<Control, [object]>('setConcurrency', { args }));
    expect(refusal).toMatch(/^steered\/again takes \{"concurrency": N\}/);
  }
  expect(await progressOf(handle)).toMatchObject({ concurrency: 1 });
  await handle.cancel();
  await expect(handle.result()).rejects.toThrow();
  expect(endpoint.most()).toBe(1);
  await pipeline.runIngest(spec(5), 'again');
  expect(endpoint.most()).toBe(5);
  expect(repeated(endpoint.asked.slice(from))).toBe(0);
  await likeUndisturbed('again');
});
