import type { Output } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { openTable } from '../../lake/table.ts';

/** A document: a row of a source, as a run took it in. */
export interface DocumentRef {
  run: string;
  key: string;
  row: number;
}
/** A document that a run dropped, and the one that it was dropped for. */
export interface Duplicate {
  key: string;
  row: number;
  /** Of the same run, or of one that the domain had published before. */
  kept: DocumentRef;
  kind: 'exact' | 'near';
  /** 1 for exact ones. */
  similarity: number;
}

const COLUMNS = ['key', 'row', 'keptKey', 'keptRow', 'kind', 'similarity'];

/** The table of a run's verdicts, to be read several times; a table that does not say of which run a kept document is means `run`. */
export async function openDuplicates(
  store: ObjectStore,
  output: Output,
  run: string,
): Promise<{ rows: number; batches: () => AsyncGenerator<Duplicate[]> }> {
  const table = await openTable(store, output);
  const columns = [...COLUMNS, ...(table.columns.includes('keptRun') ? ['keptRun'] : [])];
  return {
    rows: table.rows,
    async *batches() {
      for await (const rows of table.batches(columns)) {
        yield rows.map(({ key, row, keptKey, keptRow, keptRun, kind, similarity }) => ({
          key: String(key),
          row: Number(row),
          kept: { run: String(keptRun ?? run), key: String(keptKey), row: Number(keptRow) },
          kind: kind === 'exact' ? 'exact' : 'near',
          similarity: Number(similarity),
        }));
      }
    },
  };
}
