import type { FileMetaData } from 'hyparquet';
import { parquetMetadata } from 'hyparquet';
import { CorruptParquet, type ErrorContext } from '../errors.ts';
import type { ReadStore } from '../store.ts';
import { type Column, columnsOf } from './schema.ts';
import { sniff } from './sniff.ts';

/** One version of one raw object. */
export interface SourceObject {
  key: string;
  etag: string;
  size: number;
}

export interface RowGroup {
  index: number;
  /** Number of its first row in the file. */
  firstRow: number;
  rows: number;
}

export interface Footer {
  bucket: string;
  key: string;
  /** Of the file, in bytes. */
  size: number;
  rows: number;
  rowGroups: RowGroup[];
  columns: Column[];
  metadata: FileMetaData;
}

/** Reads bytes [start, end) of a file. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/** The footers of most files fit; a longer one costs a second request. */
const TAIL_BYTES = 128 * 1024;
const HEAD_BYTES = 512;
/** Metadata length (4 bytes) and magic, after the metadata. */
const TRAILER_BYTES = 8;
/** Leading magic, and what stands after the metadata. */
const FRAME_BYTES = 4 + TRAILER_BYTES;

/** Reads the footer of a Parquet object in at most two requests. Throws CorruptParquet, InputChanged. */
export async function readFooter(store: ReadStore, source: SourceObject): Promise<Footer> {
  const { key, etag, size } = source;
  const read: ReadRange = (start, end) => store.get(key, { range: [start, end], ifMatch: etag });
  const where = { bucket: store.bucket, key };
  return { ...where, ...(await footerFrom(read, size, where)) };
}

/** The footer of a Parquet file of `size` bytes, wherever its bytes come from. Throws CorruptParquet. */
export async function footerFrom(
  read: ReadRange,
  size: number,
  where: ErrorContext,
): Promise<Omit<Footer, 'bucket' | 'key'>> {
  if (size === 0) throw new CorruptParquet('this is not a Parquet file: it is empty (0 bytes)', where);
  const tailStart = Math.max(0, size - TAIL_BYTES);
  const tail = await exactly(read, tailStart, size, where);
  const magic = latin1(tail.subarray(-4));
  if (size < FRAME_BYTES || magic !== 'PAR1') {
    const head = tailStart === 0 ? tail.subarray(0, HEAD_BYTES) : await exactly(read, 0, HEAD_BYTES, where);
    throw new CorruptParquet(whyNotParquet(head, magic, size), where);
  }
  const length = new DataView(tail.buffer, tail.byteOffset + tail.byteLength - TRAILER_BYTES).getUint32(
    0,
    true,
  );
  const start = size - TRAILER_BYTES - length;
  if (start < 4) {
    throw new CorruptParquet(
      `the footer claims ${length} bytes in a file of ${size}; the file is truncated or damaged`,
      where,
    );
  }
  const bytes =
    start >= tailStart
      ? tail.subarray(start - tailStart)
      : Buffer.concat([await exactly(read, start, tailStart, where), tail]);
  return { size, ...parse(bytes, where) };
}

function parse(
  bytes: Uint8Array,
  where: ErrorContext,
): Pick<Footer, 'rows' | 'rowGroups' | 'columns' | 'metadata'> {
  try {
    // The geo key of some files holds JSON that does not parse, and nothing here needs it.
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    const columns = columnsOf(metadata);
    let firstRow = 0;
    const rowGroups = metadata.row_groups.map((group, index) => {
      const rows = count(group.num_rows);
      const entry = { index, firstRow, rows };
      firstRow += rows;
      return entry;
    });
    const rows = count(metadata.num_rows);
    if (rows !== firstRow) throw new Error(`it says ${rows} rows, its row groups hold ${firstRow}`);
    return { rows, rowGroups, columns, metadata };
  } catch (cause) {
    throw new CorruptParquet(`the footer cannot be read: ${reason(cause)}`, where, { cause });
  }
}

function count(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${value} cannot be a number of rows`);
  return number;
}

async function exactly(
  read: ReadRange,
  start: number,
  end: number,
  where: ErrorContext,
): Promise<Uint8Array> {
  const bytes = await read(start, end);
  if (bytes.length === end - start) return bytes;
  throw new CorruptParquet(`bytes ${start} to ${end} were asked for, ${bytes.length} bytes came`, where);
}

function whyNotParquet(head: Uint8Array, magic: string, size: number): string {
  if (magic === 'PARE') return 'the footer is encrypted, and encrypted Parquet cannot be read';
  if (latin1(head.subarray(0, 4)) === 'PAR1') {
    return `the file starts as Parquet, but its footer is missing; it was truncated (${size} bytes are there)`;
  }
  const looks = sniff(head);
  return looks === undefined
    ? 'this is not a Parquet file: it neither starts nor ends with PAR1'
    : `this is not a Parquet file but ${looks}`;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** What a decoder's failure says, whatever was thrown. */
export function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
