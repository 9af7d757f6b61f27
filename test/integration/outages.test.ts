import { afterAll, beforeAll, expect, test } from 'vitest';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { blank } from '../../client/view/run-state.ts';
import { readExecution } from '../../client/view/temporal-state.ts';
import type { Failures, IngestSpec, Progress } from '../../workflows/contract.ts';
import { attemptsOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { type Canonical, canonical, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';
import { openTcpProxy, type TcpProxy } from '../tcp-proxy.ts';

const DOMAIN = 'outage';
const spec: IngestSpec = textSpec(DOMAIN, {
  input: { prefix: `raw/${DOMAIN}/`, text: 'text', partitionBytes: 4_096 },
});

let pipeline: Pipeline;
/** The way that the worker takes to its store. */
let way: TcpProxy;
let undisturbed: Canonical;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab(), { delayMs: 500, concurrency: 2 });
  const { hostname, port } = new URL(pipeline.settings.lake.endpoint ?? '');
  way = await openTcpProxy({ host: hostname, port: Number(port) });
  const lake = { ...pipeline.settings.lake, endpoint: `http://127.0.0.1:${way.port}` };
  const texts = samplePassages().map(({ text }) => text);
  await putTexts(pipeline.store, `raw/${DOMAIN}/a.parquet`, texts.slice(0, 6));
  await putTexts(pipeline.store, `raw/${DOMAIN}/b.parquet`, texts.slice(6, 12));
  await pipeline.work({ ...pipeline.settings, lake });
  await pipeline.runIngest(spec, 'undisturbed');
  undisturbed = await canonical(pipeline.store, { domain: DOMAIN, run: 'undisturbed' });
}, 120_000);
afterAll(async () => {
  await pipeline?.close();
  await way?.cut();
});

/** Waits until a run, which must be under way, has met the outage: some activity has failed of it and is tried again. */
async function waitsFor(run: string, type: string): Promise<void> {
  const waits = async (): Promise<true | undefined> => {
    const state = blank({ domain: DOMAIN, run });
    await readExecution(pipeline.lab.client, state);
    expect(state.status).toBe('running');
    return state.waiting.some((each) => each.type === type && each.attempt > 1) || undefined;
  };
  await until(waits, { within: 60_000, what: `nothing waited for ${type}` });
}

test.each([
  ['endpoint', 'EndpointUnavailable', () => pipeline.endpoint.down(), () => pipeline.endpoint.up()],
  ['store', 'StoreUnavailable', () => way.cut(), () => way.mend()],
])('an outage of the %s costs time and nothing else', async (run, type, down, up) => {
  const handle = await pipeline.start(spec, run);
  const answered = pipeline.endpoint.answered();
  const begun = async (): Promise<true | undefined> =>
    pipeline.endpoint.answered() > answered + 1 || undefined;
  await until(begun, { within: 60_000, what: 'no text was answered' });
  await down();
  await waitsFor(run, type);
  await up();
  const { counts } = await handle.result();
  expect(counts.failedSources).toBe(0);
  expect(await handle.query<Failures>('failures')).toEqual({ total: 0, sources: [] });
  expect((await handle.query<Progress>('progress')).parked).toBeNull();
  const attempts = await attemptsOf(pipeline.lab.client, handle.workflowId);
  expect(Math.max(...(attempts.synthesizeRound ?? []))).toBeGreaterThan(1);
  expect(await canonical(pipeline.store, { domain: DOMAIN, run })).toEqual(undisturbed);
});
