import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open } from 'node:fs/promises';
import {
  cancelledAt,
  createOnce,
  type ExitRecord,
  ended,
  exists,
  type JobFiles,
  type JobRecord,
  jobFiles,
  takeLock,
} from './command-job.ts';
import { endTree, processOf } from './supervisor-processes.ts';

/**
 * The process that stands between worker and trainer: `supervisor FOLDER GRACE_MS COMMAND…`. It is nobody's child
 * in effect (a session of its own), so that a training of days outlives the worker that asked for it, and it is
 * the trainer's parent, the only one who learns how it ended. Its environment is the trainer's.
 */
const [folder, grace, ...command] = process.argv.slice(2);
if (folder === undefined || grace === undefined || command.length === 0) {
  throw new Error('usage: supervisor FOLDER GRACE_MS COMMAND…');
}

/**
 * The trainer's process waits as a shell for a line before it becomes the command: its number is on record before
 * it does anything, and a supervisor that dies in between closes the pipe, which ends it without a trace.
 */
const GATE = 'read -r _ && exec "$@" </dev/null';

let told: NodeJS.Signals | undefined;
let endTrainer = (): void => undefined;
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(name, () => {
    told ??= name;
    endTrainer();
  });
}
await supervise(jobFiles(folder), Number(grace), command);

async function supervise(files: JobFiles, graceMs: number, args: readonly string[]): Promise<void> {
  if (!(await takeLock(files.folder))) return;
  // A holder before us may have come as far as this and died.
  if ((await exists(files.exit)) || (await exists(files.job))) return;
  const since = new Date().toISOString();
  if (await exists(files.cancel)) {
    await createOnce(files.exit, cancelledAt(since));
    return;
  }

  await mkdir(files.output, { recursive: true });
  const log = await open(files.log, 'a');
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', ...args], {
    detached: true,
    stdio: ['pipe', log.fd, log.fd],
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  child.stdin?.on('error', () => undefined); // it may be gone before it reads
  await log.close(); // the trainer writes by itself: its log does not depend on us
  const [trainer, supervisor] = await Promise.all([processOf(child.pid ?? 0), processOf(process.pid)]);
  if (trainer === undefined || supervisor === undefined) {
    await exited; // rejects with the reason when the shell could not be started
    throw new Error('The trainer ended before it was started.');
  }
  const record: JobRecord = {
    trainer: { pid: trainer.pid, start: trainer.start },
    supervisor: { pid: supervisor.pid, start: supervisor.start },
    since,
  };
  if (!(await createOnce(files.job, record))) {
    child.stdin?.end(); // whatever went wrong with the lock: one record, one trainer
    await exited;
    return;
  }
  // Who cancels writes cancel.json first and reads job.json then: one of us two sees the other's file.
  if (told !== undefined || (await exists(files.cancel))) {
    child.stdin?.end();
  } else {
    let ending = false;
    endTrainer = () => {
      if (!ending) void endTree(record.trainer, graceMs);
      ending = true;
    };
    child.stdin?.end('go\n');
    if (told !== undefined) endTrainer();
  }

  const [exitCode, signal] = await exited;
  const asked = (await exists(files.cancel)) ? cancelledAt(since) : undefined;
  const exit = asked ?? (told === undefined ? ownEnd(exitCode, signal, since) : stopped(told, since));
  // What the trainer leaves behind would hold on to its GPUs: the job is over when nothing of it runs.
  await endTree(record.trainer, graceMs);
  await createOnce(files.exit, exit);
}

function ownEnd(exitCode: number | null, signal: string | null, since: string): ExitRecord {
  const reason = signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`;
  return ended({ exitCode, signal, cancelled: false, reason }, since);
}

/** Told to stop by somebody else, a machine that shuts down for one: whatever the trainer answered, it is not done. */
function stopped(by: NodeJS.Signals, since: string): ExitRecord {
  const reason = `was ended because the supervisor received ${by}`;
  return ended({ exitCode: null, signal: 'SIGTERM', cancelled: false, reason }, since);
}
