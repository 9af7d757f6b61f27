import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll } from 'vitest';
import { createActivities } from '../../activities/index.ts';
import type { EndpointSettings } from '../../activities/settings.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { type Guarded, spawnGuarded } from '../../client/stack/guard.ts';
import { obtainServers } from '../../client/stack/obtain.ts';
import { until } from '../../client/stack/poll.ts';
import { createBucket, s3Client, startS3 } from '../../client/stack/servers.ts';
import { LakeError } from '../../lake/errors.ts';
import type { S3Settings } from '../../lake/s3.ts';
import type { Activities, IngestSpec } from '../../workflows/contract.ts';
import { failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { freePort, type Listening, listening } from '../listening.ts';
import { openPipeline, type Pipeline, putTexts, textSpec } from '../pipeline.ts';

/** What came of a provocation: the error itself, or its name and message where a run or an activity tells of it. */
export type Provoked = Promise<{ name: string; message: string; final?: boolean }>;
export interface Provocation {
  provoke: () => Provoked;
  /** What the message must say: where it was, and what can be done or what is wrong. */
  says: (string | RegExp)[];
}

export const CLOSED = 'http://127.0.0.1:9';
export const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-errors-'));
export const file = (name: string, content: string): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
export const texts = samplePassages()
  .slice(0, 3)
  .map(({ text }) => text);

export let pipeline: Pipeline;
let binaries: { temporal: string; versitygw: string };
export const servers: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  pipeline = await openPipeline(await openLab(), {
    trainers: { failing: ['/bin/sh', '-c', 'echo step 1; echo out of memory; exit 3'] },
  });
  binaries = await obtainServers(() => {});
  await pipeline.work();
  await putTexts(pipeline.store, 'raw/d/a.parquet', texts);
}, 120_000);
afterAll(async () => {
  await Promise.all(servers.map((close) => close()));
  await pipeline?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What a rejected promise, or a function that throws, was rejected with. */
export async function thrown(work: () => unknown): Provoked {
  try {
    await work();
  } catch (error) {
    if (error instanceof LakeError) return error;
    if (error instanceof ApplicationFailure) {
      return { name: error.type ?? '', message: error.message, final: error.nonRetryable === true };
    }
    throw error;
  }
  throw new Error('nothing was thrown');
}
/** The activities of a worker with these settings, run outside of any workflow. */
export function activity<N extends keyof Activities>(
  name: N,
  input: Parameters<Activities[N]>[0],
  settings: Partial<Pipeline['settings']> = {},
): Promise<Awaited<ReturnType<Activities[N]>>> {
  const activities = createActivities({
    settings: { ...pipeline.settings, ...settings },
    searchAttributes: false,
    runInThread: () => Promise.reject(new Error('no threads here')),
  });
  const run = activities[name] as (input: unknown) => Promise<Awaited<ReturnType<Activities[N]>>>;
  const context = {
    cancellationSignal: new AbortController().signal,
    heartbeat: () => {},
    info: { attempt: 1 },
  };
  return asyncLocalStorage
    .run(context as unknown as Context, () => run(input))
    .finally(() => activities.close());
}
/** The preflight of a run. */
export const open = (
  spec: unknown,
  settings: Partial<Pipeline['settings']> = {},
  run = 'preflight',
): Provoked => thrown(() => activity('openRun', { workflowId: `ingest/d/${run}`, spec }, settings));
export const withLake = (change: Partial<S3Settings>): Partial<Pipeline['settings']> => ({
  lake: { ...pipeline.settings.lake, ...change },
});
export const withEndpoint = (change: Partial<EndpointSettings>): Partial<Pipeline['settings']> => ({
  endpoints: { default: { ...(pipeline.settings.endpoints.default as EndpointSettings), ...change } },
});
/** A run from start to its failure, by Temporal. */
export async function failedRun(spec: IngestSpec, run: string): Provoked {
  const { type, message, nonRetryable } = await failureOf((await pipeline.start(spec, run)).result());
  return { name: type, message, final: nonRetryable };
}
/** How the plan of a run sees the one source under `raw/<domain>/`. */
export async function plannedFailure(domain: string, change: Partial<IngestSpec> = {}): Provoked {
  const spec = textSpec(domain, { maxFailedFraction: 1, ...change });
  const run = { domain, run: 'planned' };
  await activity('openRun', { workflowId: `ingest/${domain}/planned`, spec });
  const { failures = [] } = await activity('planSources', { run });
  const [failure] = failures;
  if (failure === undefined) throw new Error('no source failed');
  return { name: failure.type, message: failure.message };
}
/** Lets a server listen until the tests are over. */
export async function served(server: Server): Promise<Listening> {
  const at = await listening(server);
  servers.push(at.down);
  return at;
}
/** An endpoint that answers everything with one status. */
export async function answering(status: number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end('no'));
  return (await served(server)).url;
}
/** An S3 server of our own, with its bucket; `args` change how it keeps what it gets. */
export async function ownS3(
  name: string,
  args?: string[],
): Promise<{ s3: Required<S3Settings>; root: string }> {
  const state = join(folder, name);
  for (const each of ['logs', 's3', 'sidecar']) mkdirSync(join(state, each), { recursive: true });
  const port = await freePort();
  const s3 = { ...pipeline.lab.s3, endpoint: `http://127.0.0.1:${port}` };
  let server: Guarded;
  if (args === undefined) {
    const ports = { s3: port } as Parameters<typeof startS3>[1]['ports'];
    server = await startS3(binaries.versitygw, { state, ports, s3 });
  } else {
    const env = { ...process.env, ROOT_ACCESS_KEY: s3.accessKeyId, ROOT_SECRET_KEY: s3.secretAccessKey };
    const logFile = join(state, 'logs', 's3.log');
    const all = ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', ...args, join(state, 's3')];
    server = await spawnGuarded(binaries.versitygw, all, { logFile, env });
    const client = s3Client(s3, 1);
    await until(() => createBucket(client, s3.bucket), { within: 30_000, what: 'no S3 server' });
    client.destroy();
  }
  servers.push(() => server.stop());
  return { s3, root: join(state, 's3', s3.bucket) };
}
