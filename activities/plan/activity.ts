import { outputOf, readChecked, readCommit } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type {
  EntryRef,
  FailedSource,
  ObjectRef,
  Planned,
  PlannedInput,
  RunRef,
} from '../../workflows/contract.ts';
import type { Work } from '../index.ts';
import type { PlanEntry, PlannedSource } from './partitions.ts';
import { readPins } from './pins.ts';
import { PAGE_ENTRIES, pageName, plan, sourcesName } from './plan.ts';

/** Failures that an activity's answer carries; all of them are in the commit. */
const FAILURES_KEPT = 100;

export async function planSources(work: Work, { run }: { run: RunRef }): Promise<Planned> {
  const { ref, commit } = await plan(work, await readPins(work.store, run));
  const inputs = commit.data as unknown as PlannedInput[];
  const failures: FailedSource[] = [];
  for (const { name, failed } of inputs) {
    if (failed === 0) continue;
    for (const { key, failure } of await readSources(work.store, ref, name)) {
      if (failure !== null && failures.length < FAILURES_KEPT) failures.push({ key, ...failure });
    }
  }
  return { ref, counts: commit.counts, failures, inputs };
}

/** The sources of one input of a plan, in order. */
export async function readSources(
  store: ObjectStore,
  plan: ObjectRef,
  input: string,
): Promise<PlannedSource[]> {
  return readPlanned(store, plan, sourcesName(input)) as Promise<PlannedSource[]>;
}

/** One partition of a plan. */
export async function readEntry(store: ObjectStore, { plan, input, index }: EntryRef): Promise<PlanEntry> {
  const page = (await readPlanned(
    store,
    plan,
    pageName(input, Math.floor(index / PAGE_ENTRIES)),
  )) as PlanEntry[];
  const entry = page[index % PAGE_ENTRIES];
  if (entry === undefined) throw new RangeError(`the plan of ${input} has no entry ${index}`);
  return entry;
}

async function readPlanned(store: ObjectStore, plan: ObjectRef, name: string): Promise<unknown> {
  const output = outputOf(await readCommit(store, plan), name);
  return JSON.parse(new TextDecoder().decode(await readChecked(store, output)));
}
