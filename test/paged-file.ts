import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

export interface PagedShape {
  /** Bytes of a page, about. */
  pageSize: number;
  /** Rows of a row group. */
  rowGroupSize: number;
  offsetIndex: boolean;
  dictionary: boolean;
}

/** A Parquet file of `id` and `text` with pages and row groups as they are asked for. */
export function pagedFile(
  rows: readonly { id: bigint | null; text: string | null }[],
  shape: PagedShape,
): Uint8Array {
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({
    writer,
    schema: [
      { name: 'schema', num_children: 2 },
      { name: 'id', type: 'INT64', repetition_type: 'OPTIONAL' },
      { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    ],
  });
  const { offsetIndex, dictionary, ...sizes } = shape;
  const encoding = dictionary ? ('RLE_DICTIONARY' as const) : ('PLAIN' as const);
  const columnData = (['id', 'text'] as const).map((name) => ({
    name,
    data: rows.map((row) => row[name]),
    encoding,
    offsetIndex,
  }));
  void parquet.write({ columnData, ...sizes });
  void parquet.finish();
  return new Uint8Array(writer.getBytes());
}
