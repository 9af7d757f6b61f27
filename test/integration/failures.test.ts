import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CPU_STAGES } from '../../activities/cpu-stages.ts';
import { createActivities } from '../../activities/index.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import type { ScannedSource } from '../../activities/scan/scan-partition.ts';
import { TEXTS } from '../../activities/scan/texts.ts';
import type { Services } from '../../activities/services.ts';
import { ENTRIES } from '../../activities/synthesize/entry-table.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import type { Stage } from '../../activities/versions.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { outputOf } from '../../lake/commit.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { readTable } from '../../lake/table.ts';
import {
  type Done,
  type Failures,
  type IngestSpec,
  type Parked,
  type Progress,
  QUEUES,
} from '../../workflows/contract.ts';
import { attemptsOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import {
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
});
afterAll(() => pipeline?.close());

const texts = samplePassages().map(({ text }) => text);
const text = (i: number): string => texts[i] as string;

/** Destroys an object that a stage left for a partition, as a disk would; all else of the lake stays as it is. */
async function damage(run: { domain: string; run: string }, stage: Stage, unit: string, name: string) {
  const commit = (await commitsOf(pipeline.store, run, stage)).find((each) => each.unit === unit);
  if (commit === undefined) throw new Error(`${unit} has no commit of ${stage}`);
  await pipeline.store.put(outputOf(commit, name).key, 'damaged');
}

describe('partitions that fail after the verdicts', () => {
  const RUN = { domain: 'late', run: 'r1' };
  const key = (name: string): string => `raw/late/${name}.parquet`;
  const spec: IngestSpec = textSpec('late', {
    input: { prefix: 'raw/late/', text: 'text', partitionBytes: 1_024 },
  });
  let handle: Awaited<ReturnType<Pipeline['start']>>;
  const parks = (phase: string): Promise<Parked> =>
    until(
      async () => {
        const { parked } = await handle.query<Progress>('progress');
        return parked?.phase === phase ? parked : undefined;
      },
      { within: 120_000, what: `it did not park in ${phase}` },
    );
  /** The partition of a source that holds a row. */
  async function unitOf(name: string, row = 0): Promise<string> {
    for (const { unit, data, outputs } of await commitsOf(pipeline.store, RUN, 'scan')) {
      if (!(data as ScannedSource[]).some((each) => each.key === key(name))) continue;
      const output = outputs.find((each) => each.name === TEXTS);
      const rows = output === undefined ? [] : await readTable(pipeline.store, output, ['key', 'row']);
      if (rows.some((each) => each.key === key(name) && Number(each.row) === row)) return unit;
    }
    throw new Error(`no partition holds row ${row} of ${name}`);
  }

  test('cost their sources, whole; neighbours go on, and every row is accounted for', async () => {
    const { store, lab } = pipeline;
    const { client } = lab;
    await putTexts(store, key('a'), [text(0), text(1)]);
    // Two row groups, and so two partitions. The first one will fail, and takes the second with it.
    const groups = parquetBytes([{ name: 'text', type: 'string', data: [text(2), text(0), '', text(3)] }], {
      rowGroupBytes: 1_500,
    });
    await store.put(key('b'), groups);
    await putTexts(store, key('c'), [text(2), text(4)]);
    await putTexts(store, key('d'), [text(5), text(6)]);
    await putTexts(store, key('e'), [text(7), text(6), text(8)]);

    await pipeline.work(undefined, ['workflows', 'io']);
    const reading = await pipeline.work(undefined, ['cpu']);
    handle = await pipeline.start(spec, RUN.run);
    const phase = (wanted: string) =>
      until(async () => ((await handle.query<Progress>('progress')).phase === wanted ? true : undefined), {
        within: 60_000,
        what: `it did not come to ${wanted}`,
      });
    await phase('synthesize');
    await reading.close();
    const unitB = await unitOf('b');
    expect(await unitOf('b', 3)).not.toBe(unitB);
    await damage(RUN, 'scan', unitB, TEXTS);
    await pipeline.work(undefined, ['gpu']);
    const settling = async (): Promise<true | undefined> => {
      const { raw } = await handle.describe();
      return raw.pendingActivities?.some((each) => each.activityType?.name === 'settleFailures') || undefined;
    };
    await until(settling, { within: 120_000, what: 'nothing was settled' });
    const unitD = await unitOf('d');
    const rounds = (await commitsOf(store, RUN, 'synthesize')).filter(({ unit }) => unit === unitD);
    for (const { outputs } of rounds) {
      for (const { name, key } of outputs) if (name === ENTRIES) await store.put(key, 'damaged');
    }
    await pipeline.work(undefined, ['cpu']);

    const first = await parks('synthesize');
    expect(first).toMatchObject({
      type: 'TooManyFailedSources',
      decisions: ['acceptPartial', 'replayFailed'],
    });
    expect(first.message).toMatch(/^1 of 5 sources failed/);
    expect(first.message).toContain('CorruptLake');
    // A fault of ours is met five times, and not for days.
    expect(Math.max(...((await attemptsOf(client, handle.workflowId)).synthesizeRound ?? []))).toBe(5);
    await handle.executeUpdate('acceptPartial');
    const second = await parks('template');
    expect(second.message).toMatch(/^2 of 5 sources failed/);
    await handle.executeUpdate('acceptPartial');
    const { counts: reported } = await handle.result();

    const { manifest } = await publicationOf(store, RUN);
    const { counts, failedSources } = await readManifest(store, manifest);
    expect(failedSources).toEqual([
      { key: key('b'), type: 'CorruptLake' },
      { key: key('d'), type: 'CorruptLake' },
    ]);
    // 13 rows: 4 of b and 2 of d have failed; text 2 of c and text 6 of e were dropped in favour of theirs.
    expect(counts.rows).toEqual({
      planned: 13,
      kept: 5,
      duplicates: 0,
      nearDuplicates: 0,
      earlierDuplicates: 0,
      heldBack: 2,
      rejects: 0,
      rejectReasons: {},
      failed: 6,
      replaced: 0,
    });
    expect(reported).toMatchObject({ failedSources: 2, heldBack: 2, keptRows: 5 });
    expect(await handle.query<Failures>('failures')).toMatchObject({
      total: 2,
      sources: [
        { key: key('b'), type: 'CorruptLake' },
        { key: key('d'), type: 'CorruptLake' },
      ],
    });
    const checks = await verifyRun(store, RUN, () => {});
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);

    // What is left out is in no document, and who does not hold it was templated once.
    const templates = await commitsOf(store, RUN, 'template');
    const published = new Set<string>();
    for (const commit of templates) {
      for (const row of await readTable(store, outputOf(commit, DOCUMENTS), ['text']))
        published.add(String(row.text));
    }
    const holds = (i: number): boolean => [...published].some((each) => each.includes(text(i).slice(0, 60)));
    expect([0, 1, 4, 7, 8].filter(holds)).toEqual([0, 1, 4, 7, 8]);
    expect([2, 3, 5, 6].filter(holds)).toEqual([]);
    for (const name of ['a', 'c', 'e']) {
      const unit = await unitOf(name, name === 'c' ? 1 : 0);
      expect(templates.filter((each) => each.unit === unit)).toHaveLength(1);
    }
  }, 240_000);
});

test('instructions that cannot be read in one of their partitions are left out of the others, however they are cut', async () => {
  const { store } = pipeline;
  await putTexts(store, 'raw/chat/a.parquet', [text(0)]);
  const chat = (from: number): Uint8Array =>
    parquetBytes(
      ['q', 'a'].map((name) => ({
        name,
        type: 'string' as const,
        data: [text(from), text(from + 1), text(from + 2), text(from + 3)],
      })),
      { rowGroupBytes: 3_000 },
    );
  await store.put('raw/chat-i/a.parquet', chat(1));
  // The first page of the first row group: the others read well.
  await store.put('raw/chat-i/b.parquet', chat(5).fill(0xff, 4, 64));
  const spec = (partitionBytes: number): IngestSpec =>
    textSpec('chat', {
      input: { prefix: 'raw/chat/', text: 'text', partitionBytes },
      mix: {
        sources: [{ from: 'instructions', prefix: 'raw/chat-i/', question: 'q', answer: 'a', weight: 1 }],
      },
      maxFailedFraction: 0.5,
    });
  await pipeline.work();
  const results = await Promise.all([
    pipeline.runIngest(spec(1_024), 'small'),
    pipeline.runIngest(spec(10_000_000), 'large'),
  ]);
  expect(results.map(({ counts }) => counts.failedSources)).toEqual([1, 1]);
  const attempts = await Promise.all(
    ['small', 'large'].map((run) => attemptsOf(pipeline.lab.client, `ingest/chat/${run}`)),
  );
  expect(attempts[0]?.templateInstructions?.length).toBeGreaterThan(4);
  expect(attempts[1]?.templateInstructions).toHaveLength(2);
  const [small, large] = await Promise.all(
    ['small', 'large'].map((run) => canonical(store, { domain: 'chat', run })),
  );
  expect(small).toEqual(large);
  const { manifest } = await publicationOf(store, { domain: 'chat', run: 'small' });
  const { counts } = await readManifest(store, manifest);
  expect(counts.instructions).toMatchObject({ planned: 8, documents: 4, failed: 4 });
}, 120_000);

describe('a fault of ours over which a partition stumbles', () => {
  const bare = (domain: string): IngestSpec =>
    textSpec(domain, {
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
      mix: {
        sources: [
          { from: 'raw', weight: 1 },
          { from: 'instructions', prefix: `raw/${domain}-i/`, question: 'q', answer: 'a', weight: 1 },
        ],
      },
      maxFailedFraction: 0.5,
    });

  test('fails the source in which it shows, and its neighbours in the same partition go on', async () => {
    const lab = await openLab();
    const other = await openPipeline(lab);
    await other.work(undefined, ['workflows', 'io', 'gpu']);
    const { store, settings } = other;
    for (const [i, name] of ['a', 'b-stumbles', 'c'].entries()) {
      await putTexts(store, `raw/fault/${name}.parquet`, [text(i)]);
      const columns = ['q', 'a'].map((column) => ({
        name: column,
        type: 'string' as const,
        data: [text(i + 5)],
      }));
      await store.put(`raw/fault-i/${name}.parquet`, parquetBytes(columns));
    }
    // The stages are ours; only what reads one object has a bug.
    const stumbling = Object.assign(Object.create(store) as typeof store, {
      get: (...[key, options]: Parameters<typeof store.get>) => {
        if (key.includes('stumbles')) throw new TypeError('cannot read properties of undefined');
        return store.get(key, options);
      },
    });
    const activities = createActivities({
      settings,
      searchAttributes: false,
      runInThread: async (stage, input) => {
        const services = { store: stumbling, settings, checkCancelled: () => {} };
        return (CPU_STAGES[stage] as (services: Services, input: unknown) => Promise<Done>)(services, input);
      },
    });
    const connection = await NativeConnection.connect({ address: lab.address });
    const { close, ...implementations } = activities;
    try {
      const worker = await Worker.create({
        connection,
        namespace: lab.namespace,
        taskQueue: QUEUES.cpu,
        activities: implementations,
      });
      const { counts } = await worker.runUntil(other.runIngest(bare('fault'), 'r1'));
      expect(counts).toMatchObject({ failedSources: 2, keptRows: 2, instructions: 2 });
      const { manifest } = await publicationOf(store, { domain: 'fault', run: 'r1' });
      const { failedSources } = await readManifest(store, manifest);
      expect(failedSources).toEqual(
        ['fault', 'fault-i'].map((name) => ({ key: `raw/${name}/b-stumbles.parquet`, type: 'TypeError' })),
      );
      const checks = await verifyRun(store, { domain: 'fault', run: 'r1' }, () => {});
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      const attempts = await attemptsOf(lab.client, 'ingest/fault/r1');
      expect(attempts.scanPartition).toEqual([5, 1]);
    } finally {
      await close();
      await connection.close();
      await other.close();
    }
  }, 120_000);
});
