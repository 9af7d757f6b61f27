import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { InvalidConfig, LauncherUnavailable } from '../../lake/errors.ts';
import { FROM_SOURCE, nodeArgs } from '../../lake/node-args.ts';
import { cancelJob, GRACE_MS } from './command-cancel.ts';
import { secretsOf, trainerEnv } from './command-env.ts';
import { createOnce, exists, type JobFiles, jobFiles, phaseOf } from './command-job.ts';
import { lastLines, lastMetrics } from './command-log.ts';
import { checkJobName, type Launcher, type TrainingJob, type TrainingState } from './launcher.ts';

/** How long a supervisor may take to start its trainer: a process start, with room for a machine under load. */
const START_MS = 60_000;

export interface CommandLauncherOptions {
  /**
   * The trainer, from the worker's configuration and never from a spec. `{input}` and `{output}` anywhere in it
   * become the paths of the job's input file and output folder. Relative paths count from the worker's folder.
   */
  command: readonly string[];
  /** Where jobs live, each in a folder of its name; on a disk of this machine. */
  directory: string;
  /** Added to the little that a trainer inherits, see `trainerEnv`. */
  env?: Readonly<Record<string, string>>;
  /** Milliseconds between TERM and KILL when a job is cancelled; 10,000 by default. */
  graceMs?: number;
}

/**
 * Training jobs as processes of this machine, each under a supervisor that outlives the worker.
 * Throws InvalidConfig for an empty command.
 */
export function commandLauncher(options: CommandLauncherOptions): Launcher {
  const { command, env = {}, graceMs = GRACE_MS } = options;
  if (command.length === 0 || command[0] === '') {
    throw new InvalidConfig('A launcher of kind command has an empty command. Name the program that trains.');
  }
  const directory = resolve(options.directory);
  const filesOf = (name: string): JobFiles => {
    checkJobName(name);
    return jobFiles(join(directory, name));
  };
  const secrets = secretsOf(env);
  return {
    ensure: (job) => ensure(filesOf(job.name), job, { command, env, graceMs }),
    poll: (name) => poll(filesOf(name), secrets),
    cancel: async (name) => {
      await cancelJob(filesOf(name), graceMs);
    },
  };
}

/** Replaces the placeholders of a command, in one pass: a path that contains one stays as it is. */
export function fillCommand(command: readonly string[], files: { input: string; output: string }): string[] {
  return command.map((part) =>
    part.replace(/\{(input|output)\}/g, (_, name: string) => (name === 'input' ? files.input : files.output)),
  );
}

interface Start {
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  graceMs: number;
}

async function ensure(files: JobFiles, job: TrainingJob, start: Start): Promise<void> {
  try {
    await mkdir(files.folder, { recursive: true });
    await createOnce(files.input, job.input);
    if (!(await wasStarted(files))) await startSupervised(files, start);
  } catch (error) {
    if (error instanceof LauncherUnavailable) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new LauncherUnavailable(
      `The training job ${job.name} could not be started: ${why}.`,
      {},
      { cause: error },
    );
  }
}

async function wasStarted(files: JobFiles): Promise<boolean> {
  return (await exists(files.job)) || (await exists(files.exit));
}

/** Of supervisors that start at the same time one takes the lock and the others leave: whose, does not matter here. */
async function startSupervised(files: JobFiles, start: Start): Promise<void> {
  const log = await open(files.supervisorLog, 'a');
  try {
    const args = [...supervisor(), files.folder, `${start.graceMs}`, ...fillCommand(start.command, files)];
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: trainerEnv(process.env, start.env),
    });
    let crashed: string | undefined;
    child.once('error', (error) => {
      crashed = error.message;
    });
    child.once('exit', (code, signal) => {
      if (code !== 0) crashed = `its supervisor ended with ${signal ?? `code ${code}`}`;
    });
    child.unref();
    for (const end = Date.now() + START_MS; !(await wasStarted(files)); await delay(20)) {
      const why = crashed ?? (Date.now() > end ? `not within ${START_MS / 1000} s` : undefined);
      if (why === undefined) continue;
      const said = (await lastLines(files.supervisorLog)).slice(-5).join(' | ');
      throw new LauncherUnavailable(
        `The training job in ${files.folder} was not started: ${why}. ${said}`.trim(),
      );
    }
  } finally {
    await log.close();
  }
}

/** How node runs the supervisor: the compiled module as it is, its source with the tsx loader. */
function supervisor(): string[] {
  const module = new URL(`./supervisor.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url);
  return [...nodeArgs(), fileURLToPath(module)];
}

async function poll(files: JobFiles, secrets: readonly string[]): Promise<TrainingState> {
  const now = await phaseOf(files);
  if (now.phase === 'absent') return { state: 'absent' };
  if (now.phase === 'pending') {
    if (now.starter === undefined) return { state: 'absent' };
    return { state: 'running', since: now.starter.since, lastLines: [] };
  }
  const [lines, reported] = await Promise.all([lastLines(files.log, secrets), lastMetrics(files.metrics)]);
  const metrics = reported === undefined ? {} : { metrics: reported };
  if (now.phase === 'running')
    return { state: 'running', since: now.job.since, lastLines: lines, ...metrics };
  if (now.phase === 'lost') {
    // Who ended it may have died before saying so.
    const ending = await exists(files.cancel);
    const end = ending
      ? { signal: 'SIGTERM', cancelled: true as const, reason: 'was cancelled' }
      : { reason: 'the supervisor was lost' };
    return { state: 'failed', exitCode: null, ...end, lastLines: lines };
  }
  const { exitCode, signal, cancelled, reason, seconds } = now.exit;
  if (exitCode === 0) return { state: 'succeeded', seconds, output: files.output, ...metrics };
  return {
    state: 'failed',
    exitCode,
    ...(signal === null ? {} : { signal }),
    ...(cancelled ? { cancelled: true as const } : {}),
    reason,
    lastLines: lines,
  };
}
