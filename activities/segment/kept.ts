import { outputOf, readJson, type StageCommit } from '../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { VERDICTS } from '../dedupe/decide-duplicates.ts';
import { FAILED, type FailedSourceRows } from '../dedupe/failures.ts';
import { type Place, verdictOf } from '../dedupe/records.ts';
import { openRowSet } from '../dedupe/row-set.ts';
import type { PlannedSource } from '../plan/partitions.ts';
import type { Services } from '../services.ts';
import { readSettled } from '../settle/excluded.ts';

/** The sources of the corpus that failed, before the verdicts or since, by ordinal. */
export async function readFailed(
  { store }: Pick<Services, 'store'>,
  verdicts: readonly StageCommit[],
  settled: ObjectRef | undefined,
): Promise<Set<number>> {
  const late = (await readSettled(store, settled)).filter(({ input }) => input === 'corpus');
  const failed = new Set(late.map(({ source }) => source));
  for (const commit of verdicts) {
    for (const { source } of await readJson<FailedSourceRows[]>(store, outputOf(commit, FAILED)))
      failed.add(source);
  }
  return failed;
}

/**
 * Whether a valid text of the run stays: its source has not failed, and no verdict drops it. Beside the list of sources
 * it holds a quarter of a byte for each planned row.
 */
export async function readStaying(
  { store, checkCancelled }: Services,
  sources: readonly PlannedSource[],
  verdicts: readonly StageCommit[],
  settled: ObjectRef | undefined,
): Promise<(place: Place) => boolean> {
  const failed = await readFailed({ store }, verdicts, settled);
  const set = openRowSet(sources.map(({ ordinal, rows }) => ({ source: ordinal, rows })));
  const runs = await openCommittedRuns(
    store,
    verdicts.map((commit) => outputOf(commit, VERDICTS)),
  );
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    checkCancelled();
    for (const record of batch) set.add(verdictOf(record).dropped);
  }
  const dropped = set.finish();
  return (place) => !failed.has(place.source) && !dropped.has(place);
}
