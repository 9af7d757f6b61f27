import { outputOf, readCommit, readJson } from '../../lake/commit.ts';
import { mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import type { SourceRun } from '../plan/partitions.ts';
import { VERDICTS } from './decide-duplicates.ts';
import { FAILED, type FailedSourceRows } from './failures.ts';
import { rowKey, verdictOf } from './records.ts';

/** Whether a row of these source runs goes on: its source has not failed and it is no duplicate. */
export async function readKept(
  store: ObjectStore,
  verdicts: readonly ObjectRef[],
  runs: readonly SourceRun[],
): Promise<(source: number, row: number) => boolean> {
  const commits = await Promise.all(verdicts.map((ref) => readCommit(store, ref)));
  const failed = new Set<number>();
  for (const commit of commits) {
    for (const { source } of await readJson<FailedSourceRows[]>(store, outputOf(commit, FAILED)))
      failed.add(source);
  }
  const opened = await openCommittedRuns(
    store,
    commits.map((each) => outputOf(each, VERDICTS)),
  );
  const dropped = new Map<number, Set<number>>();
  for (const { source, rowStart, rowEnd } of runs) {
    const rows = new Set<number>();
    dropped.set(source, rows);
    const range = { from: rowKey({ source, row: rowStart }), to: rowKey({ source, row: rowEnd }) };
    for await (const batch of mergeRuns(opened, range)) {
      for (const record of batch) rows.add(verdictOf(record).dropped.row);
    }
  }
  return (source, row) => !failed.has(source) && dropped.get(source)?.has(row) !== true;
}
