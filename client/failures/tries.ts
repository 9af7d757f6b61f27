import { readItems } from '../../activities/lists.ts';
import type { PlanEntry } from '../../activities/plan/partitions.ts';
import { readEntries, readSources } from '../../activities/plan/read-plan.ts';
import { readSettled } from '../../activities/settle/excluded.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, Phase, PlannedInput, RunRef } from '../../workflows/contract.ts';
import { commitsUnder, type FoundCommit, failuresIn } from './found-commits.ts';

/** How often a source was tried and failed, since when (milliseconds since 1970), and in which phase last. */
export interface Tried {
  attempts: number;
  since: number;
  phase: Phase;
}
export interface Tries {
  of(input: string, key: string, stage: 'plan' | 'scan' | 'later'): Promise<Tried>;
}

/**
 * Looks up what a run and its replays have tried, by the commits that say that a source failed: each plan in which it
 * could not be read (that of a replay which left it as it was among them), each reading of its rows, each time that it was
 * left out since.
 */
export async function openTries(
  store: ObjectStore,
  run: RunRef,
  { plan, plans }: { plan: ObjectRef; plans: readonly FoundCommit[] },
): Promise<Tries> {
  const planned = await atPlans(store, plans);
  const settles = await Promise.all(
    (await commitsUnder(store, run, 'global', 'settle')).map(async (found) => ({
      ...found,
      keys: new Set((await readSettled(store, found.ref)).map(({ input, key }) => place(input, key))),
    })),
  );
  const entries = new Map<string, PlanEntry[]>();
  const read = new Map<string, Promise<FoundCommit[]>>();
  const data = plans.find(({ ref }) => ref.key === plan.key)?.commit.data as PlannedInput[] | undefined;
  for (const { name, entries: count } of data ?? [])
    entries.set(name, await readEntries(store, plan, name, count));

  /** The commits of a unit by which its sources' rows were read. */
  function readings(input: string, unit: string): Promise<FoundCommit[]> {
    const stage = input === 'corpus' ? 'scan' : 'template';
    const known = read.get(unit) ?? commitsUnder(store, run, unit, stage);
    read.set(unit, known);
    return known;
  }
  /** When the rows of a source could not be read, of its partition in which that was so most often. */
  async function failedReadings(input: string, key: string): Promise<number[]> {
    const own = (entries.get(input) ?? []).filter(({ runs }) => runs.some((each) => each.key === key));
    const each = await Promise.all(
      own.map(async ({ id, earlier = [] }) => {
        const found = await Promise.all([...new Set([id, ...earlier])].map((unit) => readings(input, unit)));
        return found.flat().flatMap((one) => (failuresIn(one).some((f) => f.key === key) ? [one.at] : []));
      }),
    );
    return each.reduce((most, times) => (times.length > most.length ? times : most), []);
  }
  return {
    async of(input, key, stage) {
      const left = settles.filter(({ keys }) => keys.has(place(input, key)));
      // A plan's failures are settled once for each plan; later settles of the same plan only repeat them.
      const late = [...new Map(left.toReversed().map((each) => [each.commit.inputs[0]?.key, each])).values()];
      const times = [
        ...(planned.get(place(input, key)) ?? []),
        ...(await failedReadings(input, key)),
        ...late.map(({ at }) => at),
      ];
      const phase = stage === 'plan' ? 'plan' : input === 'corpus' ? 'scan' : 'template';
      return {
        attempts: Math.max(1, times.length),
        since: Math.min(...times, ...(times.length === 0 ? [plans.at(-1)?.at ?? 0] : [])),
        phase: stage === 'later' && input === 'corpus' ? await settledIn(store, left) : phase,
      };
    },
  };
}

/** When each source could not be read by a plan. */
async function atPlans(store: ObjectStore, plans: readonly FoundCommit[]): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>();
  for (const { ref, commit, at } of plans) {
    for (const { name, failed } of commit.data as PlannedInput[]) {
      if (failed === 0) continue;
      for (const { key, failure } of await readSources(store, ref, name)) {
        if (failure !== null) times.set(place(name, key), [...(times.get(place(name, key)) ?? []), at]);
      }
    }
  }
  return times;
}

const place = (input: string, key: string): string => JSON.stringify([input, key]);

/** The phase after whose pass over all partitions a source was first left out: synthesize, unless that pass was one of template. */
async function settledIn(store: ObjectStore, settles: readonly FoundCommit[]): Promise<Phase> {
  const [first] = settles;
  if (first === undefined) return 'synthesize';
  const lists = first.commit.inputs.filter(({ key }) => key.includes('/lists/'));
  const templated = (await readItems(store, lists)).some(
    (item) => !('failed' in item) && /\/template\/[^/]+\/_commit\.json$/.test(item.key),
  );
  return templated ? 'template' : 'synthesize';
}
