import type { Committed } from '../../lake/commit.ts';
import type {
  Activities,
  FailedSource,
  ObjectRef,
  Planned,
  PlannedInput,
  RunRef,
} from '../../workflows/contract.ts';
import type { Work } from '../work.ts';
import { readPins } from './pins.ts';
import { plan } from './plan.ts';
import { readSources } from './read-plan.ts';
import { replayPlan } from './replay-plan.ts';

/** Failures that an activity's answer carries; all of them are in the commit. */
const FAILURES_KEPT = 100;

/** Plans a run (an incremental one on its base): its sources in partitions, what failed already, and how much there is of each input. */
export async function planSources(
  work: Work,
  { run, base, at }: { run: RunRef; base?: ObjectRef; at?: number },
): Promise<Planned> {
  return plannedOf(work, await plan(work, await readPins(work.store, run), base, at));
}

/** Plans the next generation of a run. Throws NothingToReplay. */
export async function planReplay(
  work: Work,
  { run, ...replay }: Parameters<Activities['planReplay']>[0],
): Promise<Planned> {
  return plannedOf(work, await replayPlan(work, await readPins(work.store, run), replay));
}

async function plannedOf(work: Work, { ref, commit }: Committed): Promise<Planned> {
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
