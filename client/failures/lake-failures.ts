import { readFailedBefore } from '../../activities/plan/failed-before.ts';
import { readGeneration } from '../../activities/plan/generation.ts';
import { readEntries, readSources } from '../../activities/plan/read-plan.ts';
import { readSettled } from '../../activities/settle/excluded.ts';
import { atOnce } from '../../lake/at-once.ts';
import { stageUnits } from '../../lake/layout.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, Phase, PlannedInput, Reason, RunRef } from '../../workflows/contract.ts';
import { commitsUnder, type FoundCommit, failuresIn, readFound } from './found-commits.ts';
import { openTries } from './tries.ts';

/** A source that failed, as the lake knows it. */
export interface LakeFailure extends Reason {
  key: string;
  phase: Phase;
  /** When it was first found so, ISO 8601 by the store's clock. */
  since: string;
  /** How often it was read and failed: by the run and by its replays. */
  attempts: number;
}
/** Where a source of an input failed. */
type Found = Reason & { input: string; stage: 'plan' | 'scan' | 'later' };
/** What the generation of a run rests on of which is asked. */
interface Stand {
  plan: ObjectRef;
  failed: Map<string, Found>;
}

/**
 * The failed sources of a run in the order of their keys, from the lake alone: those that the published generation is without;
 * of a run that has not published, those that its newest plan and what was made of it say.
 */
export async function lakeFailures(store: ObjectStore, run: RunRef): Promise<LakeFailure[]> {
  const plans = await commitsUnder(store, run, 'global', 'plan');
  const stand = (await published(store, run, plans)) ?? (await underWay(store, run, plans));
  if (stand === undefined || stand.failed.size === 0) return [];
  const tries = await openTries(store, run, { plan: stand.plan, plans });
  const failures: LakeFailure[] = [];
  for (const [key, { input, type, message, stage }] of stand.failed) {
    const { attempts, since, phase } = await tries.of(input, key, stage);
    failures.push({ key, type, message, phase, since: new Date(since).toISOString(), attempts });
  }
  return failures.sort((a, b) => (a.key < b.key ? -1 : 1));
}

const inputsOf = ({ commit }: FoundCommit): PlannedInput[] => commit.data as PlannedInput[];

/** By what the publication rests on; undefined when nothing is published. */
async function published(
  store: ObjectStore,
  run: RunRef,
  plans: readonly FoundCommit[],
): Promise<Stand | undefined> {
  const left = (await readGeneration(store, run))?.left;
  const plan = plans.find(({ ref }) => ref.key === left?.plan.key);
  if (left === undefined || plan === undefined) return undefined;
  const failed = new Map<string, Found>();
  for (const { name } of inputsOf(plan)) {
    const sources = await readSources(store, left.plan, name);
    const found = await readFailedBefore(store, left, name, sources);
    for (const [key, failure] of found) add(failed, key, { ...failure, input: name });
  }
  return { plan: left.plan, failed };
}

/** By the newest plan, and the newest commit of each of its partitions. */
async function underWay(
  store: ObjectStore,
  run: RunRef,
  plans: readonly FoundCommit[],
): Promise<Stand | undefined> {
  const plan = plans.at(-1);
  if (plan === undefined) return undefined;
  const failed = new Map<string, Found>();
  const units = new Map<string, string>();
  for (const { name, entries } of inputsOf(plan)) {
    for (const { key, failure } of await readSources(store, plan.ref, name))
      if (failure !== null) add(failed, key, { ...failure, input: name, stage: 'plan' });
    for (const { id } of await readEntries(store, plan.ref, name, entries)) units.set(id, name);
  }
  for (const { unit, failures } of await newestFailures(store, run, units)) {
    const input = units.get(unit) ?? '';
    for (const { key, type, message } of failures) add(failed, key, { type, message, input, stage: 'scan' });
  }
  const settled = (await commitsUnder(store, run, 'global', 'settle')).findLast(
    ({ commit }) => commit.inputs[0]?.key === plan.ref.key,
  )?.ref;
  for (const { key, input, type, message } of await readSettled(store, settled))
    add(failed, key, { type, message, input, stage: 'later' });
  return { plan: plan.ref, failed };
}

function add(failed: Map<string, Found>, key: string, { type, message, input, stage }: Found): void {
  if (!failed.has(key)) failed.set(key, { type, message, input, stage });
}

/** Commits that are read at once. */
const READS = 16;

/** What the newest commit of each unit says of failed sources: the scan of a partition of the corpus, the template of instructions. */
async function newestFailures(
  store: ObjectStore,
  run: RunRef,
  units: ReadonlyMap<string, string>,
): Promise<{ unit: string; failures: (Reason & { key: string })[] }[]> {
  const newest = new Map<string, { key: string; modified: number }>();
  for await (const { key, modified } of store.list(stageUnits(run))) {
    const [, unit = '', stage] = /\/([^/]+)\/([^/]+)\/[^/]+\/_commit\.json$/.exec(key) ?? [];
    const input = units.get(unit);
    if (input === undefined || stage !== (input === 'corpus' ? 'scan' : 'template')) continue;
    if (modified >= (newest.get(unit)?.modified ?? 0)) newest.set(unit, { key, modified });
  }
  return atOnce([...newest], READS, async ([unit, object]) => ({
    unit,
    failures: failuresIn(await readFound(store, object)),
  }));
}
