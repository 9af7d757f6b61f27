import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LauncherUnavailable } from '../../lake/errors.ts';
import { cancelledAt, createOnce, type JobFiles, jobFiles, phaseOf, takeLock } from './command-job.ts';
import { isJobName } from './launcher.ts';
import { endTree, sendSignal } from './supervisor-processes.ts';

/** Between TERM and KILL. */
export const GRACE_MS = 10_000;

/**
 * Ends a job and waits until it is over. Its supervisor does the ending, so that a worker that dies meanwhile
 * leaves nothing half done; without one this process does. Returns whether there was anything to end.
 */
export async function cancelJob(files: JobFiles, graceMs: number): Promise<boolean> {
  let found = false;
  const patience = graceMs + 10_000;
  for (const begun = Date.now(); ; await delay(25)) {
    const now = await phaseOf(files);
    if (now.phase === 'absent' || now.phase === 'over' || now.phase === 'lost') return found;
    if (Date.now() > begun + 2 * patience) {
      throw new LauncherUnavailable(`The training job in ${files.folder} does not end. Its log may say why.`);
    }
    const first = !found;
    found = true;
    if (first) {
      await createOnce(files.cancel, { at: new Date().toISOString() });
      continue; // read again: see the supervisor
    }
    if (now.phase === 'pending') {
      // A supervisor that is starting sees cancel.json; where there is none, nobody may start it from now on.
      if (now.starter === undefined && (await takeLock(files.folder))) await finish(files);
    } else if (!now.supervised) {
      if (await endTree(now.job.trainer, graceMs)) await createOnce(files.exit, cancelledAt(now.job.since));
    } else {
      sendSignal(now.job.supervisor.pid, Date.now() > begun + patience ? 'SIGKILL' : 'SIGTERM');
    }
  }
}

/** Under the lock: no trainer was started unless a holder before us did it, which the next look finds. */
async function finish(files: JobFiles): Promise<void> {
  const now = await phaseOf(files);
  if (now.phase === 'pending') await createOnce(files.exit, cancelledAt(new Date().toISOString()));
}

/** Cancels every job of a folder of jobs, all at once; returns the names of those that were not over, sorted. */
export async function cancelAll(directory: string, graceMs = GRACE_MS): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const names = entries.filter((entry) => entry.isDirectory() && isJobName(entry.name)).map((e) => e.name);
  const ended = await Promise.all(names.map((name) => cancelJob(jobFiles(join(directory, name)), graceMs)));
  return names.filter((_, i) => ended[i]).sort();
}
