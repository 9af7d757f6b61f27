import { commitStage } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeSorted, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { baseOfPlan } from '../segment/base.ts';
import type { Services } from '../services.ts';
import { readScanned, refuseNothing } from './failures.ts';
import { bucketEntry } from './records.ts';
import { bucketRuns } from './scan-records.ts';

export const COMBINED = 'combined.run';

/**
 * The bucket records of one list of scans as a single run: with many partitions and many ranges, each range would read a
 * little of each partition. Records of sources that failed are left out. Throws NothingToDo when nothing valid is left.
 */
export async function combineBuckets(
  { store, checkCancelled }: Services,
  { run, plan, scans, list }: { run: RunRef; plan: ObjectRef; scans: ObjectRef[]; list: number },
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'dedupe');
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'dedupe',
      version: pins.stages.dedupe,
      unit: `combined-${String(list).padStart(5, '0')}`,
      spec: { list },
      inputs: [plan, ...scans],
      etags: [],
    },
    async (folder) => {
      const scanned = await readScanned({ store }, { plan, scans });
      if ((await baseOfPlan(store, plan)) === undefined) refuseNothing(scanned, pins, store.bucket);
      const failed = new Set(scanned.failed.map(({ source }) => source));
      const own = await readCommits(store, await readLists(store, scans.slice(list, list + 1)));
      const runs = await openCommittedRuns(store, own.flatMap(bucketRuns));
      let records = 0;
      async function* alive(): AsyncGenerator<ExchangeRecord[]> {
        for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
          checkCancelled();
          const some =
            failed.size === 0
              ? batch
              : batch.filter(({ payload }) => !failed.has(bucketEntry(payload).source));
          records += some.length;
          yield some;
        }
      }
      const output = await folder.write(COMBINED, encodeSorted(alive()));
      return { outputs: [output], counts: { combined: runs.length, bucketRecords: records } };
    },
  );
  return { ref, counts: commit.counts };
}
