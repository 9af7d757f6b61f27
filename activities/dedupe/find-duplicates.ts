import { commitStage } from '../../lake/commit.ts';
import { keyRange, mergeRuns, openRunWriter } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { openBase } from '../segment/base.ts';
import type { Services } from '../services.ts';
import { type BucketState, starEdges } from './buckets.ts';
import { checkBase } from './check-base.ts';
import { readScanned, refuseNothing } from './failures.ts';
import { edgeRecord, type Place } from './records.ts';
import { bucketRuns } from './scan-records.ts';

export const EDGES = 'edges.run';

/**
 * The documents of one range of keys that share a hash or a band, as edges; those of the base among them where one of the
 * run is. Sources that failed are left out beforehand.
 * Throws NothingToDo when nothing valid is left, but not in an incremental run.
 */
export async function findDuplicates(
  { store, checkCancelled }: Services,
  {
    run,
    plan,
    scans,
    range,
    ranges,
  }: { run: RunRef; plan: ObjectRef; scans: ObjectRef[]; range: number; ranges: number },
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
      inputs: [plan, ...scans],
      etags: [],
    },
    async (folder) => {
      const scanned = await readScanned({ store }, { plan, scans });
      const failed = new Set(scanned.failed.map(({ source }) => source));
      const base = await openBase(store, plan);
      if (base === undefined) refuseNothing(scanned, pins, store.bucket);
      else checkBase(base, pins);
      const firstSource = base?.nextSource ?? 0;
      const isOut = (place: Place): boolean =>
        place.source < firstSource ? base?.isOut(place) === true : failed.has(place.source);
      const runs = [
        ...((await base?.buckets()) ?? []),
        ...(await openCommittedRuns(store, scanned.commits.flatMap(bucketRuns))),
      ];
      const edges = openRunWriter();
      const state: BucketState = {};
      for await (const batch of mergeRuns(runs, keyRange(range, ranges))) {
        checkCancelled();
        for (const edge of starEdges(batch, state, { isOut, firstSource })) {
          const { key, payload } = edgeRecord(edge);
          edges.add(key, payload);
        }
      }
      const count = edges.count;
      return { outputs: [await folder.write(EDGES, edges.finish())], counts: { edges: count } };
    },
  );
  return { ref, counts: commit.counts };
}
