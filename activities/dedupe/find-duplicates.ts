import { commitStage, type Output, outputOf } from '../../lake/commit.ts';
import { keyRange, mergeRuns, openRunWriter } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { type BucketState, starEdges } from './buckets.ts';
import { COMBINED } from './combine-buckets.ts';
import { readScanned, refuseNothing } from './failures.ts';
import { edgeRecord } from './records.ts';
import { bucketRuns } from './scan-records.ts';

export const EDGES = 'edges.run';
const NONE: ReadonlySet<number> = new Set();

/**
 * The documents of one range of keys that share a hash or a band, as edges: from what the scans left, or from what has been
 * combined of that. Sources that failed are left out beforehand.
 * Throws NothingToDo when nothing valid is left.
 */
export async function findDuplicates(
  { store, checkCancelled }: Services,
  {
    run,
    plan,
    scans,
    combined,
    range,
    ranges,
  }: {
    run: RunRef;
    plan: ObjectRef;
    scans: ObjectRef[];
    combined?: ObjectRef;
    range: number;
    ranges: number;
  },
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'dedupe');
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'dedupe',
      version: pins.stages.dedupe,
      unit: `range-${String(range).padStart(5, '0')}`,
      spec: { range, ranges },
      inputs: combined === undefined ? [plan, ...scans] : [plan, combined],
      etags: [],
    },
    async (folder) => {
      const { outputs, failed } =
        combined === undefined
          ? await readBuckets()
          : { outputs: await readCombined(combined), failed: NONE };
      const runs = await openCommittedRuns(store, outputs);
      const edges = openRunWriter();
      const state: BucketState = {};
      for await (const batch of mergeRuns(runs, keyRange(range, ranges))) {
        checkCancelled();
        for (const edge of starEdges(batch, state, ({ source }) => failed.has(source))) {
          const { key, payload } = edgeRecord(edge);
          edges.add(key, payload);
        }
      }
      const count = edges.count;
      return { outputs: [await folder.write(EDGES, edges.finish())], counts: { edges: count } };
    },
  );
  return { ref, counts: commit.counts };

  /** Those of the scans, and whose records do not count. */
  async function readBuckets(): Promise<{ outputs: Output[]; failed: ReadonlySet<number> }> {
    const scanned = await readScanned({ store }, { plan, scans });
    refuseNothing(scanned, pins, store.bucket);
    const failed = new Set(scanned.failed.map(({ source }) => source));
    return { outputs: scanned.commits.flatMap(bucketRuns), failed };
  }
  /** Those that have been combined, without the sources that failed. */
  async function readCombined(list: ObjectRef): Promise<Output[]> {
    return (await readCommits(store, await readLists(store, [list]))).map((each) => outputOf(each, COMBINED));
  }
}
