import type { ColumnBatch, ColumnSpec } from '../../lake/parquet/write.ts';
import type { Place, Verdict } from './records.ts';

/** Every dropped row and the one that it was dropped for, for people. */
export const DUPLICATES = 'duplicates.parquet';
export const DUPLICATE_COLUMNS = [
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'keptKey', type: 'string', nullable: false },
  { name: 'keptRow', type: 'int64', nullable: false },
  { name: 'kind', type: 'string', nullable: false },
  { name: 'similarity', type: 'double', nullable: false },
] as const satisfies readonly ColumnSpec[];
const BATCH = 1024;

/** Verdicts as rows of that table. `keyOf` gives the key of a source. */
export function* duplicateRows(
  verdicts: Iterable<Verdict>,
  keyOf: (place: Place) => string,
): Generator<ColumnBatch> {
  let batch: Verdict[] = [];
  const columns = (): ColumnBatch => ({
    key: batch.map(({ dropped }) => keyOf(dropped)),
    row: batch.map(({ dropped }) => dropped.row),
    keptKey: batch.map(({ kept }) => keyOf(kept)),
    keptRow: batch.map(({ kept }) => kept.row),
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
