import { DUPLICATE_COLUMNS, DUPLICATES } from '../../../activities/dedupe/duplicates.ts';
import { FAILED, type FailedSourceRows } from '../../../activities/dedupe/failures.ts';
import type { PlannedSource } from '../../../activities/plan/partitions.ts';
import { sourcesName } from '../../../activities/plan/write-input.ts';
import { REJECT_COLUMNS, REJECTS, TEXT_COLUMNS, TEXTS } from '../../../activities/scan/texts.ts';
import { outputOf, readChecked, type StageCommit } from '../../../lake/commit.ts';
import type { Row } from '../../../lake/parquet/rows.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import { readTable } from '../../../lake/table.ts';
import type { ObjectRef, RunRef } from '../../../workflows/contract.ts';
import { commitsOf } from '../../pipeline.ts';

/** What became of one raw object: of the whole, when it failed, or of each of its rows. */
export interface SourceOutcome {
  key: string;
  rows: number;
  failure: { type: string; message: string } | null;
  /** Row → `kept`, `rejected: <reason>`, or `<kind> duplicate of <key> row <row>`. */
  outcomes: Map<number, string>;
}

/** What became of every row of a run's corpus, from the tables and commits of its stages alone. */
export async function outcomesOf(store: ObjectStore, run: RunRef): Promise<SourceOutcome[]> {
  const [plan] = await commitsOf(store, run, 'plan');
  if (plan === undefined) throw new Error(`nothing is planned of ${run.domain}/${run.run}`);
  const sources = (await readJson(store, outputOf(plan, sourcesName('corpus')))) as PlannedSource[];
  const found = sources.map(
    ({ key, rows, failure }): SourceOutcome => ({ key, rows, failure, outcomes: new Map() }),
  );
  const keyed = new Map(found.map((each) => [each.key, each]));
  for (const scan of await commitsOf(store, run, 'scan')) {
    for (const { key, row } of await table(store, scan, TEXTS, TEXT_COLUMNS)) {
      keyed.get(String(key))?.outcomes.set(Number(row), 'kept');
    }
    for (const { key, row, reason } of await table(store, scan, REJECTS, REJECT_COLUMNS)) {
      keyed.get(String(key))?.outcomes.set(Number(row), `rejected: ${String(reason)}`);
    }
  }
  for (const dedupe of await commitsOf(store, run, 'dedupe')) {
    if (!dedupe.outputs.some(({ name }) => name === DUPLICATES)) continue;
    for (const failed of (await readJson(store, outputOf(dedupe, FAILED))) as FailedSourceRows[]) {
      const source = keyed.get(failed.key);
      if (source !== undefined) source.failure = { type: failed.type, message: failed.message };
    }
    for (const found of await table(store, dedupe, DUPLICATES, DUPLICATE_COLUMNS)) {
      const { key, row, keptKey, keptRow, kind } = found;
      keyed.get(String(key))?.outcomes.set(Number(row), `${kind} duplicate of ${keptKey} row ${keptRow}`);
    }
  }
  // A source that failed anywhere does not exist for the run.
  for (const source of found) if (source.failure !== null) source.outcomes.clear();
  return found;
}

function table(
  store: ObjectStore,
  commit: StageCommit,
  name: string,
  columns: readonly { name: string }[],
): Promise<Row[]> {
  return readTable(
    store,
    outputOf(commit, name),
    columns.map((column) => column.name),
  );
}

async function readJson(store: ObjectStore, ref: ObjectRef): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readChecked(store, ref)));
}
