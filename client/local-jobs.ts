import { join, resolve } from 'node:path';
import { cancelAll } from '../activities/train/command-cancel.ts';

/** Cancels the training jobs of a local stack by name: they outlive workers by design, and must not outlive the stack. */
export async function cancelLocalJobs(state: string, report: (line: string) => void): Promise<void> {
  for (const name of await cancelAll(join(resolve(state), 'jobs')))
    report(`Training job ${name} was cancelled.`);
}
