import { parquetSchema, type SchemaTree } from 'hyparquet';
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { writeColumn } from 'hyparquet-writer/src/column.js';
import { encodeNestedValues } from 'hyparquet-writer/src/dremel.js';
import { appendIntLists, PAGE_BYTES, type WrittenChunk } from './list-pages.ts';

/** The values of a column, one a row; lists of integers have pages of our own. */
export type ColumnValues = { values: unknown[] } | { lists: readonly Int32Array[] };

/** Appends a row group, its columns in the order of the schema: what `ParquetWriter.write` does, for both kinds of columns. */
export function appendRowGroup(
  writer: ByteWriter,
  parquet: ParquetWriter,
  rows: number,
  columns: readonly ColumnValues[],
): void {
  const start = writer.offset;
  const root = parquetSchema(parquet);
  const written = columns.map((column, c) =>
    appendColumn(writer, parquet, leafPath([root, root.children[c] as SchemaTree]), column),
  );
  parquet.pendingIndexes.push(...written);
  const chunks = written.map(({ chunk }) => chunk);
  parquet.num_rows += BigInt(rows);
  parquet.row_groups.push({
    columns: chunks,
    total_byte_size: chunks.reduce(
      (sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n),
      0n,
    ),
    num_rows: BigInt(rows),
    total_compressed_size: BigInt(writer.offset - start),
  });
}

function appendColumn(
  writer: ByteWriter,
  { codec, compressors, statistics }: ParquetWriter,
  path: SchemaTree[],
  column: ColumnValues,
): WrittenChunk {
  const leaf = path.at(-1) as SchemaTree;
  const compress = compressors[codec];
  if (compress === undefined) throw new TypeError(`nothing packs ${codec}`);
  if ('lists' in column) return appendIntLists(writer, { path: leaf.path, codec, compress }, column.lists);
  return writeColumn({
    writer,
    column: {
      columnName: leaf.path.join('.'),
      element: leaf.element,
      schemaPath: path.map(({ element }) => element),
      ...{ codec, compressors: { [codec]: compress }, stats: statistics, pageSize: PAGE_BYTES },
      ...{ columnIndex: false, offsetIndex: true },
    },
    pageData: encodeNestedValues(path, column.values),
  });
}

/** From the root to the only leaf below a column. */
function leafPath(path: SchemaTree[]): SchemaTree[] {
  const [below] = path.at(-1)?.children ?? [];
  return below === undefined ? path : leafPath([...path, below]);
}
