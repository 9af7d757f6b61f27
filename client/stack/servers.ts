import { join } from 'node:path';
import { CreateBucketCommand, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { Connection } from '@temporalio/client';
import { ServerFailed } from '../../lake/errors.ts';
import type { S3Settings } from '../../lake/s3.ts';
import { SEARCH_ATTRIBUTES } from '../../workflows/contract.ts';
import { type Guarded, logTail, spawnGuarded } from './guard.ts';
import { until } from './poll.ts';
import { HOST, type Ports } from './ports.ts';

const READY_MS = 30_000;

/** Temporal's development server. Its database is a file in the state folder, or in memory. Ready when this resolves. */
export async function startTemporal(
  binary: string,
  options: { state: string; ports: Ports; database: 'file' | 'memory'; signal?: AbortSignal | undefined },
): Promise<Guarded> {
  const { state, ports, database } = options;
  const attributes = Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => `${name}=${type}`);
  const args = [
    ...['server', 'start-dev', '--ip', HOST, '--port', `${ports.temporal}`, '--ui-port', `${ports.ui}`],
    ...['--log-level', 'warn'],
    ...(database === 'file' ? ['--db-filename', join(state, 'temporal.db')] : []),
    ...attributes.flatMap((attribute) => ['--search-attribute', attribute]),
  ];
  const env = without(process.env, /^TEMPORAL_/);
  const server = await spawnGuarded(binary, args, { logFile: join(state, 'logs', 'temporal.log'), env });
  return whenReady('Temporal', server, options.signal, async () => {
    const connection = await Connection.connect({
      address: `${HOST}:${ports.temporal}`,
      connectTimeout: 1_000,
    });
    try {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({
        namespace: 'default',
      });
      return Object.keys(SEARCH_ATTRIBUTES).every((name) => name in customAttributes) || undefined;
    } finally {
      await connection.close();
    }
  });
}

/** versitygw over `<state>/s3`, with the bucket of the settings in it. Ready when this resolves. */
export async function startS3(
  binary: string,
  options: { state: string; ports: Ports; s3: Required<S3Settings>; signal?: AbortSignal | undefined },
): Promise<Guarded> {
  const { state, ports, s3 } = options;
  const args = [
    ...['--port', `${HOST}:${ports.s3}`, '--region', s3.region, '--quiet'],
    ...['posix', '--sidecar', join(state, 'sidecar'), join(state, 's3')],
  ];
  // In the environment, not among the arguments, which everybody on the machine can list.
  const keys = { ROOT_ACCESS_KEY: s3.accessKeyId, ROOT_SECRET_KEY: s3.secretAccessKey };
  const env = { ...without(process.env, /^(VGW|ROOT)_/), ...keys };
  const server = await spawnGuarded(binary, args, { logFile: join(state, 'logs', 's3.log'), env });
  const client = s3Client(s3, 1);
  try {
    return await whenReady('The S3 server', server, options.signal, () => createBucket(client, s3.bucket));
  } finally {
    client.destroy();
  }
}

/** A client of the AWS SDK for a local S3 server. */
export function s3Client(s3: Required<S3Settings>, maxAttempts = 3): S3Client {
  const { endpoint, region, forcePathStyle, accessKeyId, secretAccessKey } = s3;
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region, forcePathStyle, credentials, maxAttempts });
}

/** Creates a bucket, unless we have it already. */
export async function createBucket(client: S3Client, bucket: string): Promise<true> {
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
  }
  return true;
}

/** Whether an error says that a port was taken between our choosing it and the server's binding to it. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use/i.test(error.message);
}

async function whenReady(
  name: string,
  server: Guarded,
  signal: AbortSignal | undefined,
  probe: () => Promise<true | undefined>,
): Promise<Guarded> {
  const early = server.exited.then(({ code, signal }): never => {
    throw new ServerFailed(
      `${name} ended while starting (${signal ?? `exit code ${code}`}):\n${logTail(server.logFile)}`,
    );
  });
  try {
    const ready = until(probe, { within: READY_MS, what: `${name} did not come up`, signal });
    await Promise.race([ready, early]);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    early.catch(() => {});
  }
}

function without(env: NodeJS.ProcessEnv, names: RegExp): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.test(name)));
}
