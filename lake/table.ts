import { type AttemptFolder, type Output, readChecked } from './commit.ts';
import { readFooter } from './parquet/footer.ts';
import { type Row, readRows } from './parquet/rows.ts';
import { type ColumnSpec, parquetStream, type WriteOptions } from './parquet/write.ts';
import { checkObject } from './pieces.ts';
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
  options: WriteOptions = {},
): Promise<Output> {
  async function* batches(): AsyncGenerator<Record<string, unknown[]>> {
    for await (const some of Symbol.asyncIterator in rows ? rows : inBatches(rows)) {
      yield Object.fromEntries(columns.map((column) => [column.name, some.map((row) => row[column.name])]));
    }
  }
  return folder.write(name, parquetStream(columns, batches(), options));
}

function* inBatches<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let i = 0; i < rows.length; i += BATCH) yield rows.slice(i, i + BATCH);
}

/** Tables up to this size are read in one request. */
const HELD_BYTES = 16 * 2 ** 20;

/** A committed table whose hash is checked: it can be read several times. */
export interface OpenTable {
  rows: number;
  /** Names of its columns. */
  columns: string[];
  /** Its rows in order, some at a time. */
  batches(columns: readonly string[]): AsyncGenerator<Row[]>;
}

/**
 * Opens a committed table; its hash is checked before anything of it is used. A large table is read once for its hash,
 * and is never in memory as a whole. Throws CorruptLake.
 */
export async function openTable(store: ObjectStore, table: Output): Promise<OpenTable> {
  const { key, sha256: etag, size } = table;
  const held = await openChecked(store, table);
  const source = { key, etag, size };
  const footer = await readFooter(held, source);
  return {
    rows: footer.rows,
    columns: footer.columns.map(({ name }) => name),
    async *batches(columns) {
      for await (const { rows } of readRows(held, source, footer, { columns })) yield rows;
    },
  };
}

/** The rows of a committed table in order, some at a time, as of `openTable`. */
export async function* readBatches(
  store: ObjectStore,
  table: Output,
  columns: readonly string[],
): AsyncGenerator<Row[]> {
  yield* (await openTable(store, table)).batches(columns);
}

/** All rows of a committed table. */
export async function readTable(
  store: ObjectStore,
  table: Output,
  columns: readonly string[],
): Promise<Row[]> {
  const all: Row[] = [];
  for await (const rows of readBatches(store, table, columns)) all.push(...rows);
  return all;
}

/** A store that reads an object in ranges, once it is known to be what its reference says. Throws CorruptLake. */
export async function openChecked(store: ObjectStore, table: Output): Promise<ObjectStore> {
  if (table.size <= HELD_BYTES) {
    const bytes = await readChecked(store, table);
    return { ...store, get: async (_, options) => bytes.subarray(...(options?.range ?? [0, bytes.length])) };
  }
  await checkObject(store, table);
  // The ETag of what we wrote is not the one by which it is named.
  return { ...store, get: (key, { range } = {}) => store.get(key, range === undefined ? {} : { range }) };
}
