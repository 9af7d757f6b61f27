import { atOnce } from '../../lake/at-once.ts';
import { findCommit, readCommit, type StageCommit } from '../../lake/commit.ts';
import { stagePrefix, stageUnits } from '../../lake/layout.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { readListedChunks } from '../synthesize/answer-chunks.ts';
import { gather, noUsage, type RoundUsage, usageOf } from '../synthesize/usage.ts';
import type { UsageRecord } from './ledger.ts';

/** Partitions that are looked at side by side. */
const AT_ONCE = 32;

/**
 * What the rounds behind the documents of each partition took, from the newest commit of a partition back to its first
 * round. Where all sources of a partition have failed no commit leads back: its rounds are looked up.
 */
export async function usageBehind(
  store: ObjectStore,
  run: RunRef,
  templates: readonly StageCommit[],
): Promise<UsageRecord[]> {
  const records = await atOnce(templates, AT_ONCE, (commit) => usageOfPartition(store, run, commit));
  return records.flat();
}

async function usageOfPartition(
  store: ObjectStore,
  run: RunRef,
  { unit, inputs }: StageCommit,
): Promise<UsageRecord[]> {
  const ofUnit = () => usageUnder(store, stagePrefix(run, unit, 'synthesize'));
  if (inputs.length === 0) return (await ofUnit()).records;
  const records: UsageRecord[] = [];
  for (let ref = inputs[0]; ref !== undefined; ) {
    const commit = await readCommit(store, ref);
    if (commit.unit !== unit) return (await ofUnit()).records;
    if (commit.stage === 'scan') break;
    if (commit.stage === 'synthesize') records.unshift(recordOf(commit));
    if (records[0]?.round === 0) break;
    ref = commit.inputs[0];
  }
  return records;
}

/** What a run took that is not published (yet): all rounds that committed, and the answers of those that did not. */
export function usageSoFar(
  store: ObjectStore,
  run: RunRef,
): Promise<{ records: UsageRecord[]; open: number }> {
  return usageUnder(store, stageUnits(run));
}

/**
 * What the rounds under a prefix took, by a listing; `open` is how many of them have not committed. Their answers have
 * been taken by no text, and count as wasted until they are.
 */
async function usageUnder(
  store: ObjectStore,
  prefix: string,
): Promise<{ records: UsageRecord[]; open: number }> {
  const rounds = new Map<string, { partition: string; commit?: string; objects: ListedObject[] }>();
  for await (const object of store.list(prefix)) {
    const [, folder, partition, name] =
      /^(.*\/stages\/([^/]+)\/synthesize\/[0-9a-f]+)\/(.+)$/.exec(object.key) ?? [];
    if (folder === undefined || partition === undefined) continue;
    const round = rounds.get(folder) ?? { partition, objects: [] };
    rounds.set(folder, round);
    if (name === '_commit.json') round.commit = object.key;
    else if (name?.endsWith('.jsonl')) round.objects.push(object);
  }
  let open = 0;
  const records = await atOnce(
    [...rounds.values()],
    AT_ONCE,
    async ({ partition, commit, objects }): Promise<UsageRecord[]> => {
      const committed = commit === undefined ? undefined : await findCommit(store, commit);
      if (committed !== undefined) return [recordOf(committed)];
      const chunks = await readListedChunks(store, objects);
      const round = chunks.find(({ header }) => header !== undefined)?.header?.round;
      if (round === undefined) return [];
      open++;
      const usage = usageOf(gather(chunks), () => false);
      return [{ partition, round, prompted: 0, setAside: 0, shared: 0, reused: 0, usage }];
    },
  );
  return { records: records.flat(), open };
}

/** A round as its commit tells of it. */
function recordOf({ unit, counts, data }: StageCommit): UsageRecord {
  // Commits of releases before the ledger say nothing of it.
  const { round = 0, usage, shared = 0, reused = 0 } = (data ?? {}) as Partial<RoundUsage>;
  const { prompted = 0, setAside = 0 } = counts;
  return { partition: unit, round, prompted, setAside, shared, reused, usage: { ...noUsage(), ...usage } };
}
