import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { nodeArgs } from '../../lake/node-args.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import type { Failures, IngestSpec, Parked, Progress } from '../../workflows/contract.ts';
import { attemptsOf, failureOf, refusalOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { canonical, openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab({ searchAttributes: true }));
  await pipeline.work();
});
afterAll(() => pipeline?.close());

const WITHIN = { within: 60_000 };
const parkedOf = async (handle: WorkflowHandle): Promise<Parked | null> =>
  (await handle.query<Progress>('progress')).parked;
/** What a run is parked for, as soon as it is parked (in that phase). */
const parks = (handle: WorkflowHandle, phase?: string): Promise<Parked> =>
  until(
    async () => {
      const parked = await parkedOf(handle);
      return parked !== null && (phase === undefined || parked.phase === phase) ? parked : undefined;
    },
    { ...WITHIN, what: 'it did not park' },
  );
async function verified(domain: string, run: string): Promise<void> {
  const checks = await verifyRun(pipeline.store, { domain, run }, () => {});
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
}
/** A file whose footer reads and whose first page does not. */
const brokenPage = (texts: string[]): Uint8Array =>
  parquetBytes([{ name: 'text', type: 'string', data: texts }]).fill(0xff, 4, 64);

describe('more failed sources than may', () => {
  const bare = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec =>
    textSpec(domain, {
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
      mix: { sources: [{ from: 'raw', weight: 1 }] },
      ...changes,
    });
  async function putSources(domain: string): Promise<void> {
    const { store } = pipeline;
    await putTexts(store, `raw/${domain}/a.parquet`, ['A text of a good file.', 'And another one.']);
    await store.put(`raw/${domain}/b.parquet`, 'this is no Parquet file');
    await store.put(
      `raw/${domain}/c.parquet`,
      brokenPage(['A text that is never read, and is longer than what is broken of its page.']),
    );
  }

  test('park the run, say so everywhere, and end by acceptPartial; it parks again for more', async () => {
    await putSources('many');
    const handle = await pipeline.start(bare('many', { onTimeout: 'accept' }), 'asked');
    const parked = await parks(handle);
    expect(parked).toMatchObject({
      phase: 'plan',
      type: 'TooManyFailedSources',
      onTimeout: 'accept',
      decisions: ['acceptPartial', 'replayFailed'],
    });
    expect(parked.message).toMatch(
      /^1 of 3 sources failed, more than maxFailedFraction = 0 allows:\n {2}- Corrupt/,
    );
    expect(parked.message).toContain('raw/many/b.parquet');
    expect(Date.parse(parked.until) - Date.parse(parked.since)).toBe(6 * 3_600_000);
    expect(await handle.query<Failures>('failures')).toMatchObject({ total: 1 });
    const listed = async (): Promise<true | undefined> => {
      const query = `Domain="many" AND Phase="parked" AND ExecutionStatus="Running" AND FailedPartitions=1`;
      for await (const { workflowId } of pipeline.lab.client.workflow.list({ query })) {
        expect(workflowId).toBe(handle.workflowId);
        return true;
      }
      return undefined;
    };
    await until(listed, { within: 20_000, what: 'no list shows it' });
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(
      'temporal workflow update execute --workflow-id ingest/many/asked --name acceptPartial',
    );

    expect(await refusalOf(handle.executeUpdate('resume'))).toBe(
      'many/asked is parked for TooManyFailedSources; what ends that is acceptPartial or replayFailed',
    );
    expect(await handle.executeUpdate('acceptPartial')).toEqual(parked);
    const again = await parks(handle, 'scan');
    expect(again.message).toMatch(/^2 of 3 sources failed/);
    expect(again.message).toContain('raw/many/c.parquet');
    await handle.executeUpdate('acceptPartial');
    await handle.result();
    expect(await handle.query<Progress>('progress')).toMatchObject({ phase: 'done', parked: null });
    await verified('many', 'asked');

    // Neither the limit nor who decided shows in what a run gives.
    await pipeline.runIngest(bare('many', { maxFailedFraction: 1, decisionTimeout: '2d' }), 'unasked');
    expect(await canonical(pipeline.store, { domain: 'many', run: 'asked' })).toEqual(
      await canonical(pipeline.store, { domain: 'many', run: 'unasked' }),
    );
    await expect(handle.executeUpdate('acceptPartial')).rejects.toThrow();
  });

  test('are accepted when time is over and the spec says so', async () => {
    await putSources('late');
    const handle = await pipeline.start(bare('late', { decisionTimeout: '1s', onTimeout: 'accept' }), 'r1');
    const { counts } = await handle.result();
    expect(counts).toMatchObject({ failedSources: 2, keptRows: 2 });
    await verified('late', 'r1');
  });

  test('in instructions count by themselves', async () => {
    const { store } = pipeline;
    const chat = (texts: string[]): Uint8Array =>
      parquetBytes(['q', 'a'].map((name) => ({ name, type: 'string' as const, data: texts })));
    for (const name of ['a', 'b', 'c', 'd'])
      await putTexts(store, `raw/chat/${name}.parquet`, [`Text ${name}.`]);
    await store.put('raw/chat-i/a.parquet', chat(['A question or an answer.']));
    await store.put(
      'raw/chat-i/b.parquet',
      chat(['One that is never read, and is longer than what is broken of its page.']).fill(0xff, 4, 64),
    );
    const sources: IngestSpec['mix']['sources'] = [
      { from: 'raw', weight: 1 },
      { from: 'instructions', prefix: 'raw/chat-i/', question: 'q', answer: 'a', weight: 1 },
    ];
    const handle = await pipeline.start(bare('chat', { mix: { sources }, maxFailedFraction: 0.25 }), 'r1');
    const parked = await parks(handle);
    expect(parked).toMatchObject({ phase: 'template', type: 'TooManyFailedSources' });
    expect(parked.message).toMatch(/^1 of 2 instruction sources failed/);
    await handle.executeUpdate('acceptPartial');
    expect((await handle.result()).counts).toMatchObject({ failedSources: 1, instructions: 1 });
    await verified('chat', 'r1');
  });

  test('leave a parked run to be cancelled', async () => {
    await putSources('left');
    const handle = await pipeline.start(bare('left'), 'r1');
    await parks(handle);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });

  test('are accepted by a command', async () => {
    await putSources('told');
    const handle = await pipeline.start(bare('told', { maxFailedFraction: 0.4 }), 'r1');
    await parks(handle, 'scan');
    const wrong = await command('resume', 'told/r1');
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining('what ends that is acceptPartial or replayFailed'),
    ]);
    const right = await command('accept', 'told/r1', '--json');
    expect(JSON.parse(right.out)).toMatchObject({
      domain: 'told',
      run: 'r1',
      decision: 'acceptPartial',
      parked: { phase: 'scan', type: 'TooManyFailedSources' },
    });
    await handle.result();
    const closed = await command('accept', 'told/r1');
    expect([closed.code, closed.err]).toEqual([2, expect.stringContaining('no run told/r1 is under way')]);
    const never = await command('accept', 'told/none');
    expect(never.code).toBe(2);
  });
});

describe('an endpoint that refuses the key in the middle', () => {
  const texts = samplePassages()
    .slice(0, 3)
    .map(({ text }) => text);
  const spec = (domain: string, changes: Partial<IngestSpec> = {}): IngestSpec => ({
    ...textSpec(domain, changes),
    input: { prefix: `raw/${domain}/`, text: 'text', partitionBytes: 1024 },
  });
  /** Opened and planned, and every partition scanned; the first round meets the refusal. */
  async function refusedRun(domain: string, changes: Partial<IngestSpec> = {}) {
    for (const [i, text] of texts.entries()) {
      await putTexts(pipeline.store, `raw/${domain}/${i}.parquet`, [text, text.toUpperCase()]);
    }
    const handle = await pipeline.start(spec(domain, changes), 'r1');
    const opened = async (): Promise<true | undefined> =>
      (await handle.query<Progress>('progress')).model === undefined ? undefined : true;
    await until(opened, { ...WITHIN, what: 'it was not opened' });
    pipeline.endpoint.refuse(401);
    return handle;
  }
  afterAll(() => pipeline.endpoint.refuse(200));

  test('parks the run at once; resume goes on where it stood, and nothing has failed', async () => {
    const handle = await refusedRun('refused');
    const parked = await parks(handle);
    expect(parked).toMatchObject({
      phase: 'synthesize',
      type: 'EndpointUnauthorized',
      onTimeout: 'fail',
      decisions: ['resume'],
    });
    expect(await refusalOf(handle.executeUpdate('acceptPartial'))).toContain('what ends that is resume');
    // Not mended: it parks once more.
    await handle.executeUpdate('resume');
    const again = await until(
      async () => {
        const now = await parkedOf(handle);
        return now !== null && now.since !== parked.since ? now : undefined;
      },
      { ...WITHIN, what: 'it did not park again' },
    );
    expect(again.type).toBe('EndpointUnauthorized');
    pipeline.endpoint.refuse(200);
    expect((await command('resume', 'refused/r1')).code).toBe(0);
    const { counts } = await handle.result();
    expect(counts.failedSources).toBe(0);
    await verified('refused', 'r1');
    // Never tried again by itself, and scan found its commits: three partitions, each attempted once.
    const attempts = await attemptsOf(pipeline.lab.client, handle.workflowId);
    expect(new Set(attempts.synthesizeRound)).toEqual(new Set([1]));
    expect(attempts.scanPartition).toHaveLength(3);
  });

  test('fails it when nobody mends that in time, with the error itself', async () => {
    const handle = await refusedRun('unmended', { decisionTimeout: '2s' });
    const { type, message } = await failureOf(handle.result());
    expect(type).toBe('EndpointUnauthorized');
    expect(message).toContain("refuses the worker's key");
    pipeline.endpoint.refuse(200);
    // Started again with the same spec it goes on.
    await pipeline.runIngest(spec('unmended', { decisionTimeout: '2s' }), 'r1');
    await verified('unmended', 'r1');
  });
});

async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { address, namespace, s3 } = pipeline.lab;
  const cli = fileURLToPath(new URL('../../client/cli.ts', import.meta.url));
  const where = ['--address', address, '--namespace', namespace, '--bucket', s3.bucket];
  const line = [...nodeArgs(), cli, ...args, ...where];
  return promisify(execFile)(process.execPath, line).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      out: stdout,
      err: stderr,
    }),
  );
}
