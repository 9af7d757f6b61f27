import type { ObjectRef } from '../workflows/contract.ts';
import { type AttemptFolder, type Output, readChecked } from './commit.ts';
import { readFooter } from './parquet/footer.ts';
import { type Row, readRows } from './parquet/rows.ts';
import { type ColumnSpec, parquetStream } from './parquet/write.ts';
import type { ObjectStore } from './store.ts';

/** Rows handed to the writer at once. */
const BATCH = 1024;

/** Writes rows as a Parquet output of a stage: a file that people can open, and that `readTable` reads back. */
export function writeTable<Name extends string>(
  folder: AttemptFolder,
  name: string,
  columns: readonly (ColumnSpec & { name: Name })[],
  rows: readonly Readonly<Record<Name, unknown>>[],
): Promise<Output> {
  function* batches(): Generator<Record<string, unknown[]>> {
    for (let i = 0; i < rows.length; i += BATCH) {
      const some = rows.slice(i, i + BATCH);
      yield Object.fromEntries(columns.map((column) => [column.name, some.map((row) => row[column.name])]));
    }
  }
  return folder.write(name, parquetStream(columns, batches()));
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
