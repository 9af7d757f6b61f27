import { BadUsage, ServerFailed } from '../../lake/errors.ts';
import type { S3Settings } from '../../lake/s3.ts';
import { type Guarded, logTail } from './guard.ts';
import { takeLock } from './lock.ts';
import { obtainServers } from './obtain.ts';
import { choosePorts, forgetPorts, HOST, type Ports } from './ports.ts';
import type { Report } from './progress.ts';
import { isPortTaken, startS3, startTemporal } from './servers.ts';
import { openState, removeStack, type StackSettings, s3Keys, writeStack } from './state.ts';

/** Something that runs on the stack and is opened and closed with it: the embedded endpoint (it listens at `settings.endpoint`), a worker. */
export interface StackPart {
  name: string;
  open: (settings: StackSettings) => Promise<{ close: () => Promise<void> }>;
}

export interface StackOptions {
  /** The state folder. */
  state: string;
  report: Report;
  /** Opened in this order once the servers are ready, closed in the reverse one. */
  parts?: readonly StackPart[];
  ports?: 'preferred' | 'random';
  /** Where Temporal keeps its histories. Default: a file in the state folder. */
  database?: 'file' | 'memory';
  /** Gives the opening up: what has been started is closed, and `openStack` rejects. */
  signal?: AbortSignal;
}

export interface Stack {
  settings: StackSettings;
  /** Resolves when a server ends without being asked to. */
  failed: Promise<Error>;
  close: () => Promise<void>;
}

const BUCKET = 'lake';
/** Port 0 gives free ports, but between our look and the server's another program may take one. */
const PORT_TRIES = 3;

/**
 * Opens a local stack: Temporal, an S3 server with the bucket `lake`, then the parts. `stack.json` is there when all of it is ready.
 * Throws BadUsage when one runs on this state folder already, ServerUnobtainable when a binary cannot be had.
 */
export async function openStack(options: StackOptions): Promise<Stack> {
  const { report, signal } = options;
  const state = openState(options.state);
  const lock = takeLock(state);
  if ('held' in lock) {
    throw new BadUsage(
      `a stack runs on ${state} already (process ${lock.held.pid}); use it, end it with \`down\`, or name another folder with --state`,
    );
  }
  const opened: { name: string; close: () => Promise<void> }[] = [];
  const close = once(async () => {
    removeStack(state);
    // What uses the servers goes before them, the servers side by side.
    while (opened.length > 2) await closeOne(opened.pop(), report);
    await Promise.all(opened.splice(0).map((part) => closeOne(part, report)));
    lock.release();
  });
  try {
    removeStack(state);
    const { servers, settings } = await startServers(state, options);
    const [temporal, s3] = servers;
    opened.push({ name: 'Temporal', close: temporal.stop }, { name: 'the S3 server', close: s3.stop });
    for (const part of options.parts ?? []) {
      signal?.throwIfAborted();
      opened.push({ name: part.name, close: (await part.open(settings)).close });
    }
    signal?.throwIfAborted();
    writeStack(settings);
    const failed = Promise.race([died('Temporal', temporal), died('The S3 server', s3)]);
    return { settings, failed, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startServers(
  state: string,
  options: StackOptions,
): Promise<{ servers: [Guarded, Guarded]; settings: StackSettings }> {
  const { report, signal, database = 'file' } = options;
  const binaries = await obtainServers(report, signal);
  for (let attempt = 1; ; attempt++) {
    const ports = await choosePorts(state, options.ports ?? 'preferred');
    const settings = settingsOf(state, ports);
    const giveUp = new AbortController();
    const both = AbortSignal.any([giveUp.signal, ...(signal === undefined ? [] : [signal])]);
    // When one does not start, the other one's start is given up for the same reason.
    const orGiveUp = (error: unknown): never => {
      giveUp.abort(error);
      throw error;
    };
    const results = await Promise.allSettled([
      startTemporal(binaries.temporal, { state, ports, database, signal: both }).catch(orGiveUp),
      startS3(binaries.versitygw, { state, ports, s3: settings.s3, signal: both }).catch(orGiveUp),
    ]);
    const [temporal, s3] = results;
    if (temporal.status === 'fulfilled' && s3.status === 'fulfilled') {
      return { servers: [temporal.value, s3.value], settings };
    }
    await Promise.all(
      results.map((result) => (result.status === 'fulfilled' ? result.value.stop() : undefined)),
    );
    signal?.throwIfAborted();
    const reasons: unknown[] = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    if (attempt === PORT_TRIES || !reasons.every(isPortTaken)) throw reasons[0];
    forgetPorts(state);
  }
}

function settingsOf(state: string, ports: Ports): StackSettings {
  const s3: Required<S3Settings> = {
    endpoint: `http://${HOST}:${ports.s3}`,
    region: 'us-east-1',
    bucket: BUCKET,
    forcePathStyle: true,
    ...s3Keys(state),
  };
  return {
    temporal: `${HOST}:${ports.temporal}`,
    namespace: 'default',
    ui: `http://${HOST}:${ports.ui}`,
    s3,
    endpoint: `http://${HOST}:${ports.endpoint}`,
    state,
    pid: process.pid,
    startedAt: new Date().toISOString(),
  };
}

async function died(name: string, server: Guarded): Promise<Error> {
  const { code, signal } = await server.exited;
  return new ServerFailed(`${name} ended (${signal ?? `exit code ${code}`}):\n${logTail(server.logFile)}`);
}

/** A part that does not close does not keep the others from being closed. */
async function closeOne(
  part: { name: string; close: () => Promise<void> } | undefined,
  report: Report,
): Promise<void> {
  try {
    await part?.close();
  } catch (error) {
    report(`${part?.name} did not close: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}
