import type { Client } from '@temporalio/client';
import { BadUsage, TemporalUnavailable } from '../lake/errors.ts';
import { openS3, type S3Settings } from '../lake/s3.ts';
import { DEFAULT_STATE, readStack, type StackSettings } from './stack/state.ts';
import { type TemporalConnection, temporalChosenBy, temporalFromEnv } from './temporal-env.ts';

/** How a command was told to find its servers. */
export interface TargetFlags {
  address?: string;
  namespace?: string;
  bucket?: string;
  s3Endpoint?: string;
  region?: string;
  state?: string;
}
/** The servers that a command works with: all from one place, never a local lake with a remote Temporal. */
export interface Target {
  connection: TemporalConnection;
  namespace: string;
  /** Undefined when no bucket was named; commands that read the lake say so. */
  lake: S3Settings | undefined;
  /** Base address of Temporal's UI, where it is known. */
  ui: string | undefined;
  stack: StackSettings | undefined;
  /** A flag, a variable or a stack chose it, not the default. */
  chosen: boolean;
  /** One sentence on what was chosen and why. */
  said: string;
}

/**
 * Chooses the servers: flags, then Temporal's own environment and profiles, then the stack of `--state` or
 * `./.instruct-lake`, then Temporal's default address. A flag replaces its own part of Temporal's environment, as in
 * Temporal's CLI. Throws BadUsage when flags are mixed up.
 */
export async function resolveTarget(
  flags: TargetFlags,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Target> {
  const named = temporalChosenBy(env);
  if (flags.address !== undefined || (named !== undefined && flags.state === undefined)) {
    const { connection, namespace } =
      named === undefined
        ? { connection: { address: flags.address ?? '' }, namespace: undefined }
        : await temporalFromEnv(env, flags.address);
    const by = flags.address === undefined ? named : '--address';
    return remote(
      flags,
      env,
      connection,
      flags.namespace ?? namespace,
      `Temporal at ${connection.address} (${by})`,
    );
  }
  const state = flags.state ?? DEFAULT_STATE;
  const stack = await readStack(state);
  if (stack !== undefined) {
    if (flags.bucket !== undefined || flags.s3Endpoint !== undefined) {
      throw new BadUsage(`--bucket and --s3-endpoint go with --address; here the stack of ${state} is used`);
    }
    return {
      connection: { address: stack.temporal },
      namespace: flags.namespace ?? stack.namespace,
      lake: stack.s3,
      ui: stack.ui,
      stack,
      chosen: true,
      said: `the local stack of ${state}`,
    };
  }
  if (flags.state !== undefined) {
    throw new BadUsage(`no stack runs on ${state}; start it with \`instruct-lake up --state ${state}\``);
  }
  const address = '127.0.0.1:7233';
  const said = `Temporal at ${address} (the default; no stack runs on ${state})`;
  return { ...remote(flags, env, { address }, flags.namespace, said), chosen: false };
}

function remote(
  flags: TargetFlags,
  env: NodeJS.ProcessEnv,
  connection: Target['connection'],
  namespace: string | undefined,
  said: string,
): Target {
  const bucket = flags.bucket ?? env.INSTRUCT_LAKE_BUCKET;
  const endpoint = flags.s3Endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL;
  const region = flags.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1';
  const lake =
    bucket === undefined
      ? undefined
      : { bucket, region, ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }) };
  return {
    connection,
    namespace: namespace ?? 'default',
    lake,
    ui: undefined,
    stack: undefined,
    chosen: true,
    said: bucket === undefined ? said : `${said}, bucket ${bucket}`,
  };
}

/** The lake of a target, read with the user's own credentials. Throws BadUsage when no bucket is known. */
export function openLake(target: Target): ReturnType<typeof openS3> {
  if (target.lake === undefined) {
    throw new BadUsage(
      `no lake is known for ${target.said}; name its bucket with --bucket (and --s3-endpoint), or run \`instruct-lake up\``,
    );
  }
  return openS3(target.lake);
}

/** Does something with the lake of a target, and closes it. */
export async function withLake<T>(
  target: Target,
  work: (store: ReturnType<typeof openS3>) => Promise<T>,
): Promise<T> {
  const store = openLake(target);
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

/** A Temporal client of a target. Throws TemporalUnavailable. */
export async function openClient(target: Target): Promise<{ client: Client; close: () => Promise<void> }> {
  const { Client: TemporalClient, Connection } = await import('@temporalio/client');
  const connection = await Connection.connect({ ...target.connection, connectTimeout: 10_000 }).catch(
    (cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TemporalUnavailable(
        `${target.said} does not answer (${why}); start a local stack with \`instruct-lake up\`, or name a server with --address`,
        {},
        { cause },
      );
    },
  );
  const client = new TemporalClient({ connection, namespace: target.namespace });
  return { client, close: () => connection.close() };
}
