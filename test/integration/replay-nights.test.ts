import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compactDomain } from '../../activities/segment/compact.ts';
import { retractRun } from '../../client/retract-run.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { publishedRun, readHead } from '../../lake/log.ts';
import {
  type IngestResult,
  type IngestSpec,
  type Progress,
  QUEUES,
  type ReplayRequest,
  type RunRef,
} from '../../workflows/contract.ts';
import { failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { brokenPages, canonical, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await pipeline.work();
});
afterAll(() => pipeline?.close());

const texts = samplePassages().map(({ text }) => text);
const some = (...at: number[]): string[] => at.map((i) => texts[i] as string);
const keyOf = (domain: string, name: string): string => `raw/${domain}/${name}.parquet`;
const put = (domain: string, name: string, ...at: number[]): Promise<void> =>
  putTexts(pipeline.store, keyOf(domain, name), some(...at));
const tear = async (domain: string, name: string): Promise<void> => {
  await pipeline.store.put(keyOf(domain, name), 'not Parquet');
};
const night = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec(domain, { mode: 'incremental', maxFailedFraction: 1, ...changes });
const startReplay = ({ domain, run }: RunRef, request: Partial<ReplayRequest> = {}, carried: object = {}) =>
  pipeline.lab.client.workflow.start('replayPartitions', {
    workflowId: `ingest/${domain}/${run}`,
    taskQueue: QUEUES.workflows,
    args: [{ domain, run, sources: 'failed', ...request }, carried],
  });
const replay = async (run: RunRef, request: Partial<ReplayRequest> = {}): Promise<IngestResult> =>
  (await (await startReplay(run, request)).result()) as IngestResult;
async function verified(...runs: RunRef[]): Promise<void> {
  for (const run of runs) {
    const checks = await verifyRun(pipeline.store, run, () => {});
    expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  }
}

describe('nights, one of them replayed', () => {
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((run) => ({ domain: 'three', run })) as [
    RunRef,
    RunRef,
    RunRef,
  ];

  test('once and again behind later nights: each document is in one of them alone, whoever had it first', async () => {
    const { store, runIngest } = pipeline;
    await put('three', 'a', 0, 1);
    await tear('three', 'b');
    await tear('three', 'x');
    await runIngest(night('three'), 'n1');
    await put('three', 'c', 1, 2);
    await runIngest(night('three'), 'n2');
    await put('three', 'b', 2, 3);
    expect((await replay(n1)).counts).toMatchObject({ earlierDuplicates: 1, failedSources: 1 });
    await put('three', 'd', 3, 4);
    // x is tried by this night as well, and still broken.
    expect((await runIngest(night('three'), 'n3')).counts).toMatchObject({ earlierDuplicates: 1 });
    await put('three', 'x', 4, 5);
    const { counts, generation } = await replay(n1);
    expect(generation).toBe(3);
    expect(counts).toMatchObject({ earlierDuplicates: 2, failedSources: 0 });
    await verified(n1, n2, n3);
    await put('three', 'e', 0, 1, 2, 3, 4, 5, 6);
    const { counts: all } = await runIngest(night('three'), 'n4');
    expect(all).toMatchObject({ earlierDuplicates: 6, validTexts: 7 });
    // Both ways: the first has dropped a text for the second, which had dropped one for it.
    await expect(retractRun(store, n1, false)).rejects.toThrow(/three\/n2: 1/);
    await expect(retractRun(store, n2, false)).rejects.toThrow(/three\/n1: 1/);
  });

  test('after its index was merged with that of others', async () => {
    const domain = 'merged';
    const run = { domain, run: 'n1' };
    await put(domain, 'a', 0, 1);
    await tear(domain, 'b');
    await pipeline.runIngest(night(domain), 'n1');
    await put(domain, 'c', 2);
    await pipeline.runIngest(night(domain), 'n2');
    await compactDomain(pipeline.store, domain, { report: () => {} });
    await put(domain, 'b', 1, 2, 3);
    const { counts } = await replay(run);
    // Text 1 is a's, of the same run; text 2 is the other night's.
    expect(counts).toMatchObject({ duplicates: 2, earlierDuplicates: 1, plannedRows: 5 });
    await verified(run, { domain, run: 'n2' });
    await compactDomain(pipeline.store, domain, { report: () => {} });
    await put(domain, 'd', 0, 1, 2, 3, 4);
    expect((await pipeline.runIngest(night(domain), 'n3')).counts).toMatchObject({ earlierDuplicates: 4 });
    await verified(run, { domain, run: 'n2' });
  });

  test('is refused where a later one has newer versions of its files, and not for what failed in both', async () => {
    const domain = 'newer';
    const run = { domain, run: 'n1' };
    await put(domain, 'a', 0, 1);
    await tear(domain, 'b');
    await pipeline.runIngest(night(domain), 'n1');
    await put(domain, 'a', 0, 2);
    await pipeline.runIngest(night(domain), 'n2');
    await put(domain, 'b', 3);
    const { type, message } = await failureOf(replay(run));
    expect(type).toBe('NothingToReplay');
    expect(message).toContain('run n2 has replaced documents');
    expect((await readHead(pipeline.store, domain)).entry.open).toBeNull();
    expect((await pipeline.runIngest(night(domain), 'n3')).counts).toMatchObject({ sources: 1 });
  });

  test('leaves its tombstones in place: what it had replaced is replaced still', async () => {
    const domain = 'tombs';
    const run = { domain, run: 'n2' };
    await put(domain, 'a', 0, 1);
    await pipeline.runIngest(night(domain), 'n1');
    await put(domain, 'a', 0);
    await tear(domain, 'b');
    await pipeline.runIngest(night(domain), 'n2');
    await put(domain, 'b', 2);
    await replay(run);
    const { entry } = await readHead(pipeline.store, domain);
    expect(entry.tombstones.map((each) => each.run)).toEqual(['n2']);
    await verified({ domain, run: 'n1' }, run);
    // Text 1 has been replaced, and can be had again.
    await put(domain, 'c', 0, 1, 2);
    expect((await pipeline.runIngest(night(domain), 'n3')).counts).toMatchObject({ earlierDuplicates: 2 });
  });
});

describe('a replay', () => {
  test('that is cancelled on its way is started again, and ends as if it had not been', async () => {
    const run = { domain: 'cut', run: 'r1' };
    await put('cut', 'a', 0, 1);
    await pipeline.store.put(keyOf('cut', 'b'), brokenPages(some(2, 3, 4, 5)));
    await pipeline.runIngest(night('cut'), 'r1');
    await put('cut', 'b', 2, 3, 4, 5);
    const handle = await startReplay(run);
    await until(
      async () => ((await handle.query<Progress>('progress')).phase === 'scan' ? true : undefined),
      { within: 60_000, what: 'it did not scan', every: 5 },
    );
    await handle.cancel();
    await handle.result().catch(() => {});
    const { entry } = await readHead(pipeline.store, 'cut');
    expect(entry.open).toBeNull();
    expect(publishedRun(entry, 'r1')?.generation).toBe(1);
    await verified(run);
    expect((await replay(run)).generation).toBe(2);
    await verified(run);
  });

  test('goes on in new executions, and in place begins again in one of them', async () => {
    const domain = 'anew';
    await put(domain, 'a', 0, 1);
    await pipeline.store.put(keyOf(domain, 'b'), brokenPages(some(2, 3)));
    const { client } = pipeline.lab;
    const handle = await client.workflow.start('ingestDomain', {
      workflowId: `ingest/${domain}/r1`,
      taskQueue: QUEUES.workflows,
      args: [textSpec(domain), { historyEvents: 1 }],
    });
    const current = () => client.workflow.getHandle(handle.workflowId);
    const parked = async (): Promise<true | undefined> =>
      (await current().query<Progress>('progress')).parked?.phase === 'scan' || undefined;
    await until(parked, { within: 60_000, what: 'it did not park' });
    await put(domain, 'b', 2, 3);
    await current().executeUpdate('pause');
    await current().executeUpdate('replayFailed');
    await current().executeUpdate('resume');
    await current().result();
    await verified({ domain, run: 'r1' });
    await pipeline.runIngest(textSpec(domain), 'whole');
    const [made, whole] = await Promise.all(
      ['r1', 'whole'].map((run) => canonical(pipeline.store, { domain, run })),
    );
    expect(made).toEqual(whole);
  });

  test('mends instructions as well, and leaves out an object that is gone', async () => {
    const domain = 'general';
    const { store } = pipeline;
    await put(domain, 'a', 0, 1);
    await tear(domain, 'gone');
    await put('general-instructions', 'a', 5, 6);
    await store.put(keyOf('general-instructions', 'b'), brokenPages(some(7, 8)));
    const spec = textSpec(domain, {
      maxFailedFraction: 1,
      mix: {
        sources: [
          { from: 'augmented', weight: 1 },
          {
            from: 'instructions',
            prefix: 'raw/general-instructions/',
            question: 'text',
            answer: 'text',
            weight: 1,
          },
        ],
      },
    });
    await pipeline.runIngest(spec, 'r1');
    await store.delete([keyOf(domain, 'gone')]);
    await put('general-instructions', 'b', 7, 8);
    const { counts } = await replay({ domain, run: 'r1' });
    expect(counts).toMatchObject({ failedSources: 1, instructions: 4 });
    await verified({ domain, run: 'r1' });
    await pipeline.runIngest(spec, 'without');
    const shards = async (run: string) => (await canonical(store, { domain, run })).shards;
    expect(await shards('r1')).toEqual(await shards('without'));
  });
});
