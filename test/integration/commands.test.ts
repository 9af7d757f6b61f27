import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../../client/doctor/doctor.ts';
import { openEndpoint } from '../../client/endpoint/server.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { until } from '../../client/stack/poll.ts';
import type { Target } from '../../client/target.ts';
import { blank, exitOfState, type RunState, readRunState } from '../../client/view/run-state.ts';
import { watchRun } from '../../client/view/watch.ts';
import { nodeArgs } from '../../lake/node-args.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

const CLI = fileURLToPath(new URL('../../client/cli.ts', import.meta.url));
const SAMPLE = { domain: 'sample', run: 'r1' };

const targetOf = ({ lab }: Pipeline, changes: Partial<Target> = {}): Target => ({
  connection: { address: lab.address },
  namespace: lab.namespace,
  lake: lab.s3,
  ui: undefined,
  stack: undefined,
  chosen: true,
  said: 'the lab',
  ...changes,
});

/** Flags and environment by which the command finds a lab. */
function flagsOf({ lab }: Pipeline): { flags: string[]; env: NodeJS.ProcessEnv } {
  const { bucket, endpoint, accessKeyId, secretAccessKey } = lab.s3;
  return {
    flags: [
      '--address',
      lab.address,
      '--namespace',
      lab.namespace,
      '--bucket',
      bucket,
      '--s3-endpoint',
      endpoint,
    ],
    env: { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  };
}

async function watched(
  target: Target,
  run: RunRef,
  json: boolean,
): Promise<{ state: RunState; lines: string[] }> {
  const stream = new PassThrough();
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const state = await watchRun(target, run, { json, stream });
  stream.end();
  await once(stream, 'end');
  return { state, lines: text.trimEnd().split('\n') };
}

describe('a run from start to end', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline(await openLab({ searchAttributes: true }));
    await putSample(pipeline.store);
  }, 60_000);
  afterAll(() => pipeline?.close());

  test('before any worker: status says that nobody answers, and the doctor which queues are orphaned', async () => {
    const target = targetOf(pipeline);
    await pipeline.start(sampleSpec, SAMPLE.run);
    const state = await readRunState(target, SAMPLE);
    expect(state).toMatchObject({ status: 'running', phase: null, source: 'temporal' });
    expect(state.notes.join()).toContain('no worker answers');
    const findings = await examine(target, undefined, () => {});
    const wrong = findings.filter((finding) => finding.state === 'wrong').map(({ what }) => what);
    expect(wrong.sort()).toEqual(
      ['', '-cpu', '-gpu', '-io', '-train'].map((queue) => `Queue instruct-lake${queue}`),
    );
    expect(findings.find(({ what }) => what === 'Worker configuration')?.state).toBe('skipped');
  });

  test('watched as JSON lines to its end, with progress that never goes back', async () => {
    await pipeline.work();
    const { state, lines } = await watched(targetOf(pipeline), SAMPLE, true);
    expect(exitOfState(state)).toBe(0);
    const states = lines.map((line) => JSON.parse(line) as RunState);
    expect(states.at(-1)).toEqual(state);
    expect(state).toMatchObject({
      status: 'completed',
      phase: 'done',
      model: 'instruct-lake-rules',
      trains: true,
      counts: { texts: 60, prompted: 60, chains: expect.any(Number) },
      manifest: { smokeTest: true, counts: { rows: { planned: 60, kept: 60 } } },
      training: { metrics: { heldOutLoss: expect.any(Number) } },
    });
    const prompted = states.map(({ counts }) => counts.prompted ?? 0);
    expect(prompted).toEqual(prompted.toSorted((a, b) => a - b));
    expect(states.every(({ done, total }) => done <= total)).toBe(true);
  }, 120_000);

  test('watched once more as plain lines: each phase once, then the summary', async () => {
    const { lines } = await watched(targetOf(pipeline), SAMPLE, false);
    const phases = lines
      .filter((line) => line.startsWith('['))
      .map((line) => line.split('✓ ')[1]?.split(' ')[0]);
    expect(phases).toEqual(
      'open plan scan dedupe synthesize template mix exchange shards publish train'.split(' '),
    );
    expect(lines[phases.length]).toContain('smoke test');
    expect(lines.join('\n')).toMatch(/ {2}rows +60 planned, 60 kept/);
  });

  test('after retention the lake tells the same counts', async () => {
    const known = await readRunState(targetOf(pipeline), SAMPLE);
    const forgotten = await readRunState(targetOf(pipeline, { namespace: 'default' }), SAMPLE);
    expect(forgotten).toMatchObject({ source: 'lake', status: 'completed', manifest: known.manifest });
    for (const [name, count] of Object.entries(forgotten.counts)) {
      expect([name, count]).toEqual([name, known.counts[name]]);
    }
    const nowhere = { domain: 'sample', run: 'no-such' };
    await expect(readRunState(targetOf(pipeline), nowhere)).rejects.toMatchObject({ name: 'RunNotFound' });
    const blind = targetOf(pipeline, { namespace: 'default', lake: undefined });
    await expect(readRunState(blind, SAMPLE)).rejects.toThrow(/--bucket/);
  });

  test('the doctor finds a worker on every queue, and a bucket that is not there', async () => {
    const well = await examine(targetOf(pipeline), undefined, () => {});
    expect(well.filter((finding) => finding.state === 'wrong')).toEqual([]);
    expect(JSON.stringify(well)).not.toContain(pipeline.lab.s3.secretAccessKey);
    const { s3 } = pipeline.lab;
    const lost = await examine(
      targetOf(pipeline, { namespace: 'no-such', lake: { ...s3, bucket: 'no-such' } }),
      undefined,
      () => {},
    );
    expect(lost.filter((finding) => finding.state === 'wrong').map(({ what }) => what)).toEqual([
      'Namespace',
      'S3',
    ]);
    expect(lost.find(({ what }) => what === 'S3')?.mend).toContain('create bucket');
    const refused = targetOf(pipeline, { lake: { ...s3, secretAccessKey: 'wrong' } });
    const [denied] = (await examine(refused, undefined, () => {})).filter(({ what }) => what === 'S3');
    expect(denied).toMatchObject({ state: 'wrong', mend: expect.stringContaining('AWS_ACCESS_KEY_ID') });
  });

  test('the command verifies without a Temporal, and knows what it does not find', async () => {
    const { flags, env } = flagsOf(pipeline);
    // Port 9 is discard: nobody listens there.
    const elsewhere = ['--address', '127.0.0.1:9', ...flags.slice(2)];
    const run = promisify(execFile);
    const verify = (name: string) =>
      run(process.execPath, [...nodeArgs(), CLI, 'verify', name, '--json', ...elsewhere], { env });
    const { stdout } = await verify('sample/r1');
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { ok: boolean }[] };
    expect(ok).toBe(true);
    expect(checks.length).toBeGreaterThan(8);
    await expect(verify('sample/no-such')).rejects.toMatchObject({
      code: 2,
      stdout: expect.stringMatching(/^\{"error":\{"name":"RunNotFound",/),
    });
  });
});

describe('runs in trouble', () => {
  let pipeline: Pipeline;
  let back: { close: () => Promise<void> } | undefined;
  beforeAll(async () => {
    pipeline = await openPipeline(await openLab());
    const texts = samplePassages().map(({ text }) => text);
    await putTexts(pipeline.store, 'raw/d/a.parquet', texts.slice(0, 3));
    await putTexts(pipeline.store, 'raw/d/b.parquet', texts.slice(3, 5));
    await pipeline.store.put('raw/d/c.parquet', 'this is no Parquet file');
  }, 60_000);
  afterAll(async () => {
    await pipeline?.close();
    await back?.close();
  });

  test('one that waits says for what; the watcher leaves and the run goes on', async () => {
    const target = targetOf(pipeline);
    const run = { domain: 'd', run: 'waits' };
    const { url, close } = await openEndpoint({ host: '127.0.0.1', port: 0 });
    await close();
    const { endpoints } = pipeline.settings;
    const [endpoint] = Object.values(endpoints);
    if (endpoint === undefined) throw new Error('no endpoint');
    await pipeline.work({ ...pipeline.settings, endpoints: { default: { ...endpoint, urls: [url] } } });
    await pipeline.start(textSpec('d', { maxFailedFraction: 0.5 }), run.run);
    const waiting = await until(async () => (await readRunState(target, run)).waiting[0], {
      within: 20_000,
      what: 'nothing was waited for',
    });
    expect(waiting).toMatchObject({ activity: 'openRun', type: 'EndpointUnavailable' });

    const { flags, env } = flagsOf(pipeline);
    const command = [...nodeArgs(), CLI, 'status', 'd/waits', '--watch', ...flags];
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = textOf(child);
    await until(async () => said().out.includes('waiting: openRun') || undefined, {
      within: 30_000,
      what: 'no line came',
    });
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, said().err]).toEqual([130, expect.stringContaining('the run goes on')]);
    expect(said().err).toContain(`temporal workflow cancel --address ${pipeline.lab.address}`);

    const { hostname, port } = new URL(url);
    back = await openEndpoint({ host: hostname, port: Number(port) });
    const { state, lines } = await watched(target, run, false);
    // One of three sources failed, and the spec allows it.
    expect(state).toMatchObject({
      status: 'completed',
      manifest: { failedSources: [{ key: 'raw/d/c.parquet' }] },
    });
    expect(exitOfState(state)).toBe(3);
    expect(lines.join('\n')).toContain('failed: raw/d/c.parquet  CorruptParquet');
    const forgotten = await readRunState(targetOf(pipeline, { namespace: 'default' }), run);
    expect(forgotten.failures).toMatchObject({ total: 1, sources: [{ key: 'raw/d/c.parquet' }] });
    expect(exitOfState(forgotten)).toBe(3);
  }, 120_000);

  test('one that failed says why, and that an earlier execution has published', async () => {
    const target = targetOf(pipeline);
    const again = { domain: 'd', run: 'waits' };
    await expect(pipeline.runIngest(textSpec('d', { seed: 'other' }), again.run)).rejects.toThrow();
    const conflict = await readRunState(target, again);
    expect(conflict).toMatchObject({ status: 'failed', phase: 'open', failure: { type: 'SpecConflict' } });
    expect(conflict.manifest).not.toBeNull();
    expect(exitOfState(conflict)).toBe(2);
    const { state, lines } = await watched(target, again, false);
    expect(state.status).toBe('failed');
    expect(lines.join('\n')).toMatch(/failed after .* in phase open: SpecConflict[\s\S]*earlier execution/);
  }, 60_000);

  test('watching can be stopped before anything is known', async () => {
    const stream = new PassThrough();
    const stopped = await watchRun(targetOf(pipeline), SAMPLE, { stream, signal: AbortSignal.abort() });
    expect(stopped).toEqual({ ...blank(SAMPLE), interrupted: true });
    expect(exitOfState(stopped)).toBe(130);
  });
});

function textOf(child: ChildProcess): () => { out: string; err: string } {
  const said = { out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    said.out += chunk;
  });
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said.err += chunk;
  });
  return () => said;
}
