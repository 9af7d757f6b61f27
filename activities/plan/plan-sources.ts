import type { FailedSource, ObjectRef, Planned, PlannedInput, RunRef } from '../../workflows/contract.ts';
import type { Work } from '../work.ts';
import { readPins } from './pins.ts';
import { plan } from './plan.ts';
import { readSources } from './read-plan.ts';

/** Failures that an activity's answer carries; all of them are in the commit. */
const FAILURES_KEPT = 100;

/** Plans a run (an incremental one on its base): its sources in partitions, what failed already, and how much there is of each input. */
export async function planSources(
  work: Work,
  { run, base }: { run: RunRef; base?: ObjectRef },
): Promise<Planned> {
  const { ref, commit } = await plan(work, await readPins(work.store, run), base);
  const inputs = commit.data as PlannedInput[];
  const failures: FailedSource[] = [];
  for (const { name, failed } of inputs) {
    if (failed === 0) continue;
    for (const { key, failure } of await readSources(work.store, ref, name)) {
      if (failure !== null && failures.length < FAILURES_KEPT) failures.push({ key, ...failure });
    }
  }
  return { ref, counts: commit.counts, failures, inputs };
}
