import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BadUsage, ServerFailed } from '../../lake/errors.ts';
import { logTail } from './guard.ts';
import { DETACHED, INTERRUPTED, type Lifetime, serviceExit, watchLifetime } from './lifetime.ts';
import { holderOf } from './lock.ts';
import { until } from './poll.ts';
import type { Report } from './progress.ts';
import { openStack, type StackOptions } from './stack.ts';
import { openState, readStack, type StackSettings } from './state.ts';

export interface UpOptions extends Omit<StackOptions, 'signal'> {
  /** Start a process of its own that keeps the stack up, and return when it is ready. */
  detach?: boolean;
  /** What that process is called with, after the program. */
  command?: readonly string[];
}

/** Building both servers takes minutes on a small machine. */
const DETACH_MS = 30 * 60_000;

/** Brings a stack up and keeps it up until a signal or the parent's death; detached, until it is ready. The exit code. */
export async function up(options: UpOptions): Promise<number> {
  const life = watchLifetime();
  try {
    return options.detach ? await upDetached(options, life) : await upHere(options, life);
  } finally {
    life.release();
  }
}

/** What a user needs to know of a running stack. No keys: they are in `stack.json`. */
export function describeStack({ temporal, ui, s3, endpoint, state }: StackSettings): string[] {
  return [
    `Temporal      ${temporal}`,
    `Temporal UI   ${ui}`,
    `S3            ${s3.endpoint}  bucket ${s3.bucket}`,
    `Endpoint      ${endpoint}`,
    `State         ${state}`,
  ];
}

async function upHere(options: UpOptions, life: Lifetime): Promise<number> {
  const stack = await openStack({ ...options, signal: life.signal }).catch(async (error: unknown) => {
    if (!life.signal.aborted) throw error;
    return undefined;
  });
  if (stack === undefined) return serviceExit(await life.ended);
  for (const line of describeStack(stack.settings)) options.report(line);
  if (process.env[DETACHED] === undefined) options.report('The stack is up. Ctrl-C ends it.');
  const end = await Promise.race([life.ended, stack.failed]);
  if (end instanceof Error) options.report(end.message);
  await stack.close();
  return end instanceof Error ? 1 : serviceExit(end);
}

async function upDetached(options: UpOptions, life: Lifetime): Promise<number> {
  const state = openState(options.state);
  const holder = holderOf(state);
  if (holder !== undefined) {
    throw new BadUsage(`a stack runs on ${state} already (process ${holder.pid}); end it with \`down\``);
  }
  const program = process.argv[1];
  if (program === undefined) throw new BadUsage('--detach needs a program file to start again');
  const logFile = join(state, 'logs', 'up.log');
  const log = openSync(logFile, 'w', 0o600);
  const args = [...process.execArgv, program, ...(options.command ?? ['up', '--state', state])];
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, [DETACHED]: '1' },
  });
  closeSync(log);
  let exit: string | undefined;
  child.once('error', (error) => {
    exit = error.message;
  });
  child.once('exit', (code, signal) => {
    exit = signal ?? `exit code ${code}`;
  });
  const tell = follow(logFile, options.report);
  try {
    await until(
      async () => {
        tell();
        if (exit !== undefined) return true;
        return (await readStack(state))?.pid === child.pid || undefined;
      },
      { within: DETACH_MS, what: 'the stack did not come up', signal: life.signal, every: 100 },
    );
  } catch (error) {
    child.kill('SIGTERM');
    if (life.signal.aborted) return INTERRUPTED;
    throw error;
  }
  if (exit !== undefined) throw new ServerFailed(`the stack did not come up (${exit}):\n${logTail(logFile)}`);
  tell();
  options.report(`It runs in the background (process ${child.pid}, log ${logFile}); \`down\` ends it.`);
  child.unref();
  return 0;
}

/** Hands on the whole lines that have come to a log file since the last call. */
function follow(file: string, report: Report): () => void {
  let seen = 0;
  return () => {
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.slice(seen)) report(line);
    seen = lines.length;
  };
}
