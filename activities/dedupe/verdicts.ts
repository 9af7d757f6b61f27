import { outputOf, readCommit, readJson } from '../../lake/commit.ts';
import { mergeRuns } from '../../lake/exchange.ts';
import { sha256 } from '../../lake/hash.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import type { SourceRun } from '../plan/partitions.ts';
import { VERDICTS } from './decide-duplicates.ts';
import { FAILED, type FailedSourceRows } from './failures.ts';
import { rowKey, verdictOf } from './records.ts';

/** What the verdicts say of the rows of some source runs. */
export interface KeptRows {
  /** Whether a row goes on: its source has not failed and it is no duplicate. */
  has(source: number, row: number): boolean;
  /**
   * SHA-256 of what they say. Work on these rows depends on that, and not on the verdicts of others: a fingerprint has this
   * in it, so that verdicts on other sources do not have it done again.
   */
  digest: string;
}

/** Reads the verdicts on the rows of a partition. */
export async function readKept(
  store: ObjectStore,
  verdicts: readonly ObjectRef[],
  runs: readonly SourceRun[],
): Promise<KeptRows> {
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
  const said: (number[] | null)[] = [];
  for (const { source, rowStart, rowEnd } of runs) {
    const rows = new Set<number>();
    dropped.set(source, rows);
    const range = { from: rowKey({ source, row: rowStart }), to: rowKey({ source, row: rowEnd }) };
    for await (const batch of mergeRuns(opened, range)) {
      for (const record of batch) rows.add(verdictOf(record).dropped.row);
    }
    said.push(failed.has(source) ? null : [...rows]);
  }
  return {
    has: (source, row) => !failed.has(source) && dropped.get(source)?.has(row) !== true,
    digest: sha256(JSON.stringify(said)),
  };
}
