import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STAGE_VERSIONS } from '../../activities/versions.ts';
import { collectGarbage, type GcOptions, type GcReport } from '../../client/gc/collect-garbage.ts';
import { retractRun } from '../../client/retract-run.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { commitStage, fingerprint, fingerprintAfter, type StageInput } from '../../lake/commit.ts';
import { stageFolder } from '../../lake/layout.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { type IngestResult, type IngestSpec, QUEUES, type RunRef } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { canonical, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
});
afterAll(() => pipeline?.close());

const texts = samplePassages().map(({ text }) => text);
const DAY_MS = 86_400_000;
const put = (domain: string, name: string, some: string[]): Promise<void> =>
  putTexts(pipeline.store, `raw/${domain}/${name}.parquet`, some);
/** Two days from now, so that all that is there is old. */
const gc = (
  domain: string,
  options: Partial<GcOptions> = {},
  store: ObjectStore = pipeline.store,
): Promise<GcReport> =>
  collectGarbage(
    store,
    { domain },
    {
      graceMs: DAY_MS,
      answers: false,
      remove: false,
      now: Date.now() + 2 * DAY_MS,
      busy: async () => undefined,
      report: () => {},
      ...options,
    },
  );
async function keysUnder(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of pipeline.store.list(prefix)) keys.push(key);
  return keys.sort();
}
const objectsIn = ({ runs }: GcReport): number => runs.reduce((sum, { objects }) => sum + objects, 0);
async function verified(run: RunRef): Promise<void> {
  const checks = await verifyRun(pipeline.store, run, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
}
async function replay({ domain, run }: RunRef, sources: string[]): Promise<IngestResult> {
  return pipeline.lab.client.workflow.execute('replayPartitions', {
    workflowId: `ingest/${domain}/${run}`,
    taskQueue: QUEUES.workflows,
    args: [{ domain, run, sources }],
  }) as Promise<IngestResult>;
}

describe('generations', () => {
  const RUN = { domain: 'generations', run: 'r1' };

  test('before the last two go with what only they rest on; what is kept verifies, is found again and can be replayed', async () => {
    await pipeline.work();
    const { store, endpoint } = pipeline;
    const key = `raw/${RUN.domain}/b.parquet`;
    await put(RUN.domain, 'a', texts.slice(0, 3));
    for (let generation = 1; generation <= 3; generation++) {
      await put(RUN.domain, 'b', texts.slice(3, 3 + generation));
      if (generation === 1) await pipeline.runIngest(textSpec(RUN.domain), RUN.run);
      else await replay(RUN, [key]);
    }
    const before = await keysUnder('runs/generations/');
    const said = await gc(RUN.domain);
    expect(said.removed).toBe(false);
    expect(Object.keys(said.runs[0]?.why ?? {})).toContain('superseded');
    expect(await keysUnder('runs/generations/')).toEqual(before);

    const published = await canonical(store, RUN);
    const did = await gc(RUN.domain, { remove: true });
    expect(did.runs).toEqual(said.runs);
    const after = await keysUnder('runs/generations/');
    expect(before.length - after.length).toBe(objectsIn(did));
    await verified(RUN);
    expect(await canonical(store, RUN)).toEqual(published);
    expect(objectsIn(await gc(RUN.domain))).toBe(0);

    const asked = endpoint.asked.length;
    await pipeline.runIngest(textSpec(RUN.domain), RUN.run);
    expect(endpoint.asked.length).toBe(asked);
    // A generation that went: its answers have stayed.
    await put(RUN.domain, 'b', texts.slice(3, 4));
    await replay(RUN, [key]);
    expect(endpoint.asked.length).toBe(asked);
    await verified(RUN);
  });

  test('that other runs begin on stay as long as those do', async () => {
    const run = { domain: 'begun', run: 'r1' };
    const mix = { sources: [{ from: 'raw' as const, repeat: 1 }], share: 0 };
    const begin = (on: string, name: string): Promise<IngestResult> =>
      pipeline.runIngest({ domain: run.domain, from: { run: on, stage: 'mix' }, mix }, name);
    for (let generation = 1; generation <= 3; generation++) {
      await put(run.domain, 'b', texts.slice(3, 3 + generation));
      if (generation > 1) await replay(run, [`raw/${run.domain}/b.parquet`]);
      else {
        await pipeline.runIngest(textSpec(run.domain), run.run);
        await begin('r1', 'first');
        const of = textSpec(run.domain, { input: { prefix: 'raw/begun-too/', text: 'text' } });
        await put('begun-too', 'a', texts.slice(0, 3));
        await pipeline.runIngest(of, 'other');
        const from = { run: 'other', also: ['r1'], stage: 'mix' };
        await pipeline.runIngest({ domain: run.domain, from, mix }, 'several');
      }
    }
    await gc(run.domain, { remove: true });
    await verified({ ...run, run: 'first' });
    await verified({ ...run, run: 'several' });
    // What it begins on is the first generation, which nothing else needs.
    await begin('first', 'second');
    await verified({ ...run, run: 'second' });
    // Nor does anything else, once those that began on it are retracted.
    for (const name of ['several', 'first']) await retractRun(pipeline.store, { ...run, run: name }, true);
    await gc(run.domain, { remove: true });
    const checks = await verifyRun(pipeline.store, { ...run, run: 'second' }, () => {});
    expect(checks.filter(({ ok, detail }) => !ok || detail.startsWith('not looked at'))).toEqual([]);
  });

  test('that are taken away may be broken off at any write: what is published verifies, and gc goes on', async () => {
    const { store } = pipeline;
    const run = { domain: 'killed', run: 'r1' };
    await put(run.domain, 'b', texts.slice(3, 4));
    await pipeline.runIngest(textSpec(run.domain), run.run);
    for (const many of [2, 3]) {
      await put(run.domain, 'b', texts.slice(3, 3 + many));
      await replay(run, [`raw/${run.domain}/b.parquet`]);
    }
    const fp = 'c'.repeat(64);
    await store.put(`${stageFolder(run, 'global', 'mix', fp)}/${'d'.repeat(32)}/units.bin`, 'left');
    let writes = 0;
    const dying = (at: number): ObjectStore => {
      let left = at;
      const step = async <T>(write: () => Promise<T>): Promise<T> => {
        if (left-- <= 0) throw new Error('killed');
        return write();
      };
      return {
        ...store,
        put: (key, body, options) => step(() => store.put(key, body, options)),
        // One by one: killed within a request, any part of it may have been done.
        delete: async (keys) => {
          for (const key of keys) await step(() => store.delete([key]));
        },
      };
    };
    for (; ; writes++) {
      try {
        await gc(run.domain, { remove: true }, dying(writes % 4));
        break;
      } catch (error) {
        expect(String(error)).toContain('killed');
        if (writes % 8 === 0) await verified(run);
      }
    }
    expect(writes).toBeGreaterThan(4);
    await verified(run);
    expect(objectsIn(await gc(run.domain))).toBe(0);
  });

  test('stay whole while the run is under way, while it is young, and answers go only where they may', async () => {
    expect(await gc(RUN.domain, { remove: true, busy: async () => 'it runs' })).toMatchObject({
      runs: [{ skipped: 'it runs', objects: 0 }],
    });
    expect(objectsIn(await gc(RUN.domain, { now: Date.now() }))).toBe(0);
    const { runs } = await gc(RUN.domain, { answers: true });
    expect(runs[0]?.why.answers).toBeGreaterThan(0);
  });
});

describe('a run that was broken off', () => {
  test('loses what was never committed, and started again gives what an undisturbed one gives', async () => {
    const { store } = pipeline;
    const spec: IngestSpec = textSpec('off');
    for (const name of ['a', 'b', 'c'])
      await put(
        'off',
        name,
        texts.slice(0, 6).map((text) => `${name} ${text}`),
      );
    const handle = await pipeline.start(spec, 'r1');
    const rounds = async (): Promise<true | undefined> => {
      const keys = await keysUnder('runs/off/r1/stages/');
      return keys.some((key) => key.includes('/synthesize/')) || undefined;
    };
    await until(rounds, { within: 60_000, what: 'no round began', every: 5 });
    await handle.terminate();
    await handle.result().catch(() => {});
    // What a lost attempt leaves of a stage that never committed.
    const fp = 'a'.repeat(64);
    const folder = stageFolder({ domain: 'off', run: 'r1' }, 'global', 'mix', fp);
    await store.put(`${folder}/${'b'.repeat(32)}/units.bin`, 'left');

    const settled = async (): Promise<true | undefined> => {
      const before = await keysUnder('runs/off/r1/');
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return (await keysUnder('runs/off/r1/')).length === before.length || undefined;
    };
    await until(settled, { within: 60_000, what: 'the worker went on' });
    const { runs } = await gc('off', { remove: true });
    expect(runs[0]?.why.unfinished).toBeGreaterThan(0);
    expect(
      JSON.parse(new TextDecoder().decode((await store.find(`${folder}/_commit.json`)) ?? undefined)),
    ).toEqual({
      void: true,
      fp,
    });
    expect(objectsIn(await gc('off'))).toBe(0);
    await pipeline.runIngest(spec, 'r1');
    await verified({ domain: 'off', run: 'r1' });
    await pipeline.runIngest(spec, 'whole');
    expect(await canonical(store, { domain: 'off', run: 'r1' })).toEqual(
      await canonical(store, { domain: 'off', run: 'whole' }),
    );
  });
});

describe('a void commit', () => {
  const run = { domain: 'voids', run: 'r1' };
  const input: StageInput = {
    stage: 'scan',
    version: STAGE_VERSIONS.scan,
    unit: 'u',
    spec: {},
    inputs: [],
    etags: [],
  };
  const fp = fingerprint(input);
  const keyOf = (each: string): string => `${stageFolder(run, 'u', 'scan', each)}/_commit.json`;

  test('sends who comes, and who was at work already, on to the next fingerprint; both find one commit', async () => {
    const { store } = pipeline;
    let made = 0;
    const late = await commitStage(store, run, input, async (folder) => {
      made++;
      // gc comes while the work is done.
      if (made === 1) await store.put(keyOf(fp), JSON.stringify({ void: true, fp }), { ifNoneMatch: true });
      return { outputs: [await folder.put('x', `${made}`)], counts: {} };
    });
    expect(made).toBe(2);
    expect(late.commit.fp).toBe(fingerprintAfter(fp, 1));
    expect(late.ref.key).toBe(keyOf(fingerprintAfter(fp, 1)));
    const again = await commitStage(store, run, input, async () => {
      throw new Error('it is there');
    });
    expect(again.ref).toEqual(late.ref);
  });
});
