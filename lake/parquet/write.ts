import { gzipSync } from 'node:zlib';
import type { SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { appendRowGroup } from './row-group.ts';
import { packSnappy } from './snappy.ts';

/**
 * `strings` is a list of strings; `ints` one of 32-bit integers, which comes as Int32Array and is never null; `json` holds any JSON value
 * as text that is annotated as JSON.
 */
export type ColumnType = 'string' | 'int32' | 'int64' | 'double' | 'boolean' | 'json' | 'strings' | 'ints';

export interface ColumnSpec {
  name: string;
  type: ColumnType;
  /** True by default: null and undefined are written as null. */
  nullable?: boolean;
}

/** Values by column name, equally many each. int64 takes bigints and safe integers. */
export type ColumnBatch = Readonly<Record<string, readonly unknown[]>>;

export interface WriteOptions {
  /** Snappy by default: its bytes are the same on every machine. Gzip packs tighter, but its bytes depend on Node's build. */
  codec?: 'snappy' | 'gzip';
  /** A row group is closed after the row that brings its values to this many bytes, uncompressed; 8 MB by default. */
  rowGroupBytes?: number;
}

const ROW_GROUP_BYTES = 8 * 2 ** 20;
/** What a value weighs at least: its place in memory while the row group is open. */
const CELL_BYTES = 8;

/** A Parquet file that is written piece by piece; holds one row group. The pieces together are the file. */
export interface ParquetStream {
  /**
   * Takes rows, and returns what is complete of the file and has not been returned before. Lists and JSON values are held until their row
   * group is closed and must stay as they are. Throws TypeError on a value that does not fit.
   */
  append(batch: ColumnBatch): Uint8Array[];
  /** Closes the last row group and returns the rest of the file. */
  finish(): Uint8Array[];
}

/** Starts a Parquet file. How rows are spread over batches changes no byte of it. Throws TypeError on nullable `ints`. */
export function openParquet(columns: readonly ColumnSpec[], options: WriteOptions = {}): ParquetStream {
  for (const { name, type, nullable } of columns) {
    if (type === 'ints' && nullable !== false)
      throw new TypeError(`column ${JSON.stringify(name)} (ints) cannot be nullable`);
  }
  const limit = options.rowGroupBytes ?? ROW_GROUP_BYTES;
  const writer = new ByteWriter(64 * 1024);
  const parquet = new ParquetWriter({
    writer,
    schema: [{ name: 'schema', num_children: columns.length }, ...columns.flatMap(elementsOf)],
    codec: options.codec === 'gzip' ? 'GZIP' : 'SNAPPY',
    compressors: { SNAPPY: packSnappy, GZIP: (bytes) => new Uint8Array(gzipSync(bytes)) },
    createdBy: 'instruct-lake',
  });
  let open: unknown[][] = columns.map(() => []);
  let rows = 0;
  let bytes = 0;

  function drain(): Uint8Array[] {
    const piece = writer.getBytes().slice();
    writer.index = 0;
    return piece.length === 0 ? [] : [piece];
  }
  function closeGroup(): Uint8Array[] {
    if (rows === 0) return [];
    const values = columns.map(({ type }, c) =>
      type === 'ints' ? { lists: open[c] as Int32Array[] } : { values: open[c] ?? [] },
    );
    appendRowGroup(writer, parquet, rows, values);
    open = columns.map(() => []);
    rows = 0;
    bytes = 0;
    return drain();
  }
  function append(batch: ColumnBatch): Uint8Array[] {
    const data = columns.map(({ name }) => batch[name] ?? []);
    const count = data[0]?.length ?? 0;
    for (const [c, { name }] of columns.entries()) {
      if (data[c]?.length !== count)
        throw new TypeError(`column ${JSON.stringify(name)} has not ${count} values`);
    }
    const pieces: Uint8Array[] = [];
    for (let i = 0; i < count; i++) {
      for (const [c, column] of columns.entries()) {
        const { value, size } = cellOf(column, data[c]?.[i]);
        open[c]?.push(value);
        bytes += Math.max(CELL_BYTES, size);
      }
      rows += 1;
      if (bytes >= limit) pieces.push(...closeGroup());
    }
    return pieces;
  }
  function finish(): Uint8Array[] {
    const last = closeGroup();
    // Without a flush of its own the writer does everything before it returns.
    void parquet.finish();
    return [...last, ...drain()];
  }
  return { append, finish };
}

/** A Parquet file of batches that are produced one after the other, e.g. for `ObjectStore.write`. */
export async function* parquetStream(
  columns: readonly ColumnSpec[],
  batches: AsyncIterable<ColumnBatch> | Iterable<ColumnBatch>,
  options: WriteOptions = {},
): AsyncGenerator<Uint8Array> {
  const stream = openParquet(columns, options);
  for await (const batch of batches) yield* stream.append(batch);
  yield* stream.finish();
}

/** A small Parquet file at once. */
export function parquetBytes(
  columns: readonly (ColumnSpec & { data: readonly unknown[] })[],
  options: WriteOptions = {},
): Uint8Array {
  const stream = openParquet(columns, options);
  const batch = Object.fromEntries(columns.map(({ name, data }) => [name, data]));
  return new Uint8Array(Buffer.concat([...stream.append(batch), ...stream.finish()]));
}

function elementsOf({ name, type, nullable = true }: ColumnSpec): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  switch (type) {
    case 'string':
      return [{ name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'json':
      return [{ name, repetition_type, type: 'BYTE_ARRAY', converted_type: 'JSON' }];
    case 'int32':
      return [{ name, repetition_type, type: 'INT32' }];
    case 'int64':
      return [{ name, repetition_type, type: 'INT64' }];
    case 'double':
      return [{ name, repetition_type, type: 'DOUBLE' }];
    case 'boolean':
      return [{ name, repetition_type, type: 'BOOLEAN' }];
    case 'strings':
      return [...listOf(name, repetition_type), { ...ELEMENT, type: 'BYTE_ARRAY', converted_type: 'UTF8' }];
    case 'ints':
      return [...listOf(name, repetition_type), { ...ELEMENT, type: 'INT32' }];
  }
}

const ELEMENT = { name: 'element', repetition_type: 'REQUIRED' } as const;
const listOf = (name: string, repetition_type: 'OPTIONAL' | 'REQUIRED'): SchemaElement[] => [
  { name, repetition_type, converted_type: 'LIST', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
];

/** A value as the writer takes it, and its bytes. */
function cellOf(column: ColumnSpec, value: unknown): { value: unknown; size: number } {
  if (value === null || value === undefined) {
    if (column.nullable === false) throw misfit(column, value);
    return { value: null, size: 0 };
  }
  switch (column.type) {
    case 'string':
      if (typeof value === 'string') return { value, size: Buffer.byteLength(value) };
      break;
    case 'int32':
      if (typeof value === 'number' && (value | 0) === value) return { value, size: 4 };
      break;
    case 'int64':
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return { value, size: 8 };
      if (Number.isSafeInteger(value)) return { value: BigInt(value as number), size: 8 };
      break;
    case 'double':
      if (typeof value === 'number') return { value, size: 8 };
      break;
    case 'boolean':
      if (typeof value === 'boolean') return { value, size: 1 };
      break;
    case 'json':
      return { value, size: JSON.stringify(value).length };
    case 'ints':
      if (value instanceof Int32Array) return { value, size: value.byteLength };
      break;
    case 'strings':
      if (Array.isArray(value) && value.every((each) => typeof each === 'string')) {
        return { value, size: value.reduce((sum, each: string) => sum + Buffer.byteLength(each) + 4, 0) };
      }
  }
  throw misfit(column, value);
}

function misfit({ name, type }: ColumnSpec, value: unknown): TypeError {
  return new TypeError(`column ${JSON.stringify(name)} (${type}) cannot hold ${String(value)}`);
}
