import { randomUUID } from 'node:crypto';
import { link, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Identity, isAlive, processOf } from './supervisor-processes.ts';

/**
 * A job's folder is all there is to know about it, and every process reads it anew:
 *
 * - `input.json`: what the trainer is told; written by `ensure`
 * - `lock.<n>`: who may start the job; the highest counts, see {@link takeLock}
 * - `job.json`: the trainer was started; written before it does anything, so that it never starts twice
 * - `log`: what the trainer prints; `supervisor.log`: what goes wrong around it
 * - `output/`: what the trainer makes, `output/metrics.jsonl` its reports
 * - `cancel.json`: somebody wants it ended
 * - `exit.json`: it is over, and how
 *
 * Each JSON file appears whole, once, and never changes. The folder belongs to one machine: processes are known by
 * their numbers there.
 */
export interface JobFiles {
  folder: string;
  input: string;
  job: string;
  log: string;
  supervisorLog: string;
  output: string;
  metrics: string;
  cancel: string;
  exit: string;
}

export function jobFiles(folder: string): JobFiles {
  const output = join(folder, 'output');
  return {
    folder,
    input: join(folder, 'input.json'),
    job: join(folder, 'job.json'),
    log: join(folder, 'log'),
    supervisorLog: join(folder, 'supervisor.log'),
    output,
    metrics: join(output, 'metrics.jsonl'),
    cancel: join(folder, 'cancel.json'),
    exit: join(folder, 'exit.json'),
  };
}

/** `job.json`: both processes, and when the trainer was started (ISO). */
export interface JobRecord {
  trainer: Identity;
  supervisor: Identity;
  since: string;
}

/** `exit.json`. A job succeeded when its exit code is 0; one that was told to stop has a signal, whatever it answered. */
export interface ExitRecord {
  exitCode: number | null;
  signal: string | null;
  cancelled: boolean;
  reason: string;
  seconds: number;
  /** ISO time. */
  at: string;
}

/** How far a job has come, told from the files and from who is alive. */
export type Phase =
  | { phase: 'absent' }
  /** Its folder is there, or somebody holds its lock, but no trainer was started. */
  | { phase: 'pending'; starter?: LockRecord }
  | { phase: 'running'; job: JobRecord; supervised: boolean }
  /** Trainer and supervisor died without a word. */
  | { phase: 'lost'; job: JobRecord }
  | { phase: 'over'; exit: ExitRecord };

export async function phaseOf(files: JobFiles): Promise<Phase> {
  const exit = await readRecord<ExitRecord>(files.exit);
  if (exit !== undefined) return { phase: 'over', exit };
  const job = await readRecord<JobRecord>(files.job);
  if (job === undefined) {
    if (!(await exists(files.input))) return { phase: 'absent' };
    const starter = await lockHolder(files.folder);
    return starter === undefined ? { phase: 'pending' } : { phase: 'pending', starter };
  }
  const supervised = await isAlive(job.supervisor);
  if (supervised || (await isAlive(job.trainer))) return { phase: 'running', job, supervised };
  // Both may have ended in good order since exit.json was looked for.
  const late = await readRecord<ExitRecord>(files.exit);
  return late === undefined ? { phase: 'lost', job } : { phase: 'over', exit: late };
}

export interface LockRecord extends Identity {
  /** ISO time. */
  since: string;
}

/**
 * Takes the job's lock for this process for as long as it lives; false when another live process has it. A lock
 * whose holder is dead is taken over by making the next number: nothing is ever removed, so that two who both see
 * a stale lock cannot remove each other's new one.
 */
export async function takeLock(folder: string): Promise<boolean> {
  const self = await processOf(process.pid);
  if (self === undefined) throw new Error('This process does not find itself in the process table.');
  const record: LockRecord = { pid: self.pid, start: self.start, since: new Date().toISOString() };
  for (;;) {
    const top = await topLock(folder);
    if (top !== undefined && (await isAlive(top.record))) return false;
    if (await createOnce(join(folder, `lock.${(top?.number ?? 0) + 1}`), record)) return true;
  }
}

async function lockHolder(folder: string): Promise<LockRecord | undefined> {
  const top = await topLock(folder);
  return top !== undefined && (await isAlive(top.record)) ? top.record : undefined;
}

async function topLock(folder: string): Promise<{ number: number; record: LockRecord } | undefined> {
  const numbers = (await readdir(folder))
    .flatMap((name) => /^lock\.([0-9]+)$/.exec(name)?.[1] ?? [])
    .map(Number);
  if (numbers.length === 0) return undefined;
  const number = Math.max(...numbers);
  const record = await readRecord<LockRecord>(join(folder, `lock.${number}`));
  return record === undefined ? undefined : { number, record };
}

/** Creates a JSON file, whole and on disk, unless it exists; returns whether it did. */
export async function createOnce(path: string, value: unknown): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.draft`;
  const file = await open(draft, 'wx');
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path); // unlike rename it refuses a name that is taken
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft);
  }
}

/** A file that `createOnce` made; undefined when there is none. */
export async function readRecord<T>(path: string): Promise<T | undefined> {
  const text = await readText(path);
  return text === undefined ? undefined : (JSON.parse(text) as T);
}

export async function exists(path: string): Promise<boolean> {
  return (await readText(path)) !== undefined;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export function ended(
  end: { exitCode: number | null; signal: string | null; cancelled: boolean; reason: string },
  since: string,
): ExitRecord {
  const at = new Date();
  return { ...end, seconds: Math.max(0, at.getTime() - Date.parse(since)) / 1000, at: at.toISOString() };
}

/** The end of a job that was cancelled: however the trainer took it, a signal of ours ended it. */
export function cancelledAt(since: string): ExitRecord {
  return ended({ exitCode: null, signal: 'SIGTERM', cancelled: true, reason: 'was cancelled' }, since);
}
