import type { ObjectRef } from '../workflows/contract.ts';
import { type AttemptFolder, type Output, readChecked } from './commit.ts';
import { readFooter } from './parquet/footer.ts';
import { type Row, readRows } from './parquet/rows.ts';
import { type ColumnSpec, parquetStream } from './parquet/write.ts';
import type { ObjectStore } from './store.ts';

/** Rows handed to the writer at once. */
const BATCH = 1024;

/** Rows by column name. */
type TableRows<Name extends string> = readonly Readonly<Record<Name, unknown>>[];

/**
 * Writes rows as a Parquet output of a stage: a file that people can open, and that `readTable` reads back. Rows that
 * come in batches are written as they come; how they are spread over batches changes no byte.
 */
export function writeTable<Name extends string>(
  folder: AttemptFolder,
  name: string,
  columns: readonly (ColumnSpec & { name: Name })[],
  rows: TableRows<Name> | AsyncIterable<TableRows<Name>>,
): Promise<Output> {
  async function* batches(): AsyncGenerator<Record<string, unknown[]>> {
    for await (const some of Symbol.asyncIterator in rows ? rows : inBatches(rows)) {
      yield Object.fromEntries(columns.map((column) => [column.name, some.map((row) => row[column.name])]));
    }
  }
  return folder.write(name, parquetStream(columns, batches()));
}

function* inBatches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let i = 0; i < rows.length; i += BATCH) yield rows.slice(i, i + BATCH);
}

/** All rows of a committed table; its hash is checked before anything of it is used. */
export async function readTable(
  store: ObjectStore,
  ref: ObjectRef,
  columns: readonly string[],
): Promise<Row[]> {
  const bytes = await readChecked(store, ref);
  const held: ObjectStore = {
    ...store,
    get: async (_, options) => bytes.subarray(...(options?.range ?? [0, bytes.length])),
  };
  const source = { key: ref.key, etag: ref.sha256, size: bytes.length };
  const footer = await readFooter(held, source);
  const rows: Row[] = [];
  for await (const batch of readRows(held, source, footer, { columns })) rows.push(...batch.rows);
  return rows;
}
