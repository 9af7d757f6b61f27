import type { ColumnBatch, ColumnSpec } from '../../lake/parquet/write.ts';
import type { Verdict } from './records.ts';

/** Every dropped row and the one that it was dropped for, for people. */
export const DUPLICATES = 'duplicates.parquet';
export const DUPLICATE_COLUMNS = [
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'keptKey', type: 'string', nullable: false },
  { name: 'keptRow', type: 'int64', nullable: false },
  { name: 'keptRun', type: 'string', nullable: false },
  { name: 'kind', type: 'string', nullable: false },
  { name: 'similarity', type: 'double', nullable: false },
] as const satisfies readonly ColumnSpec[];
const BATCH = 1024;

/** Verdicts as rows of that table. `sourceOf` gives the key of a source, and the run that has taken it. */
export function* duplicateRows(
  verdicts: Iterable<Verdict>,
  sourceOf: (source: number) => { key: string; run: string },
): Generator<ColumnBatch> {
  let batch: Verdict[] = [];
  const columns = (): ColumnBatch => ({
    key: batch.map(({ dropped }) => sourceOf(dropped.source).key),
    row: batch.map(({ dropped }) => dropped.row),
    keptKey: batch.map(({ kept }) => sourceOf(kept.source).key),
    keptRow: batch.map(({ kept }) => kept.row),
    keptRun: batch.map(({ kept }) => sourceOf(kept.source).run),
    kind: batch.map(({ kind }) => kind),
    similarity: batch.map(({ similarity }) => similarity),
  });
  for (const verdict of verdicts) {
    batch.push(verdict);
    if (batch.length < BATCH) continue;
    yield columns();
    batch = [];
  }
  yield columns();
}
