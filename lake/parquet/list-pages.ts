import type { ColumnChunk, CompressionCodec, OffsetIndex } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { appendRuns } from './hybrid.ts';

/** A page is closed after the row that brings its items to this many bytes. */
export const PAGE_BYTES = 2 ** 20;
/** More items than this in one row are no row of a table: the numbers of a page's header would not hold them for long. */
const MAX_ITEMS = 2 ** 26;

/** What the footer says of a column chunk that is written. */
export interface WrittenChunk {
  chunk: ColumnChunk;
  offsetIndex?: OffsetIndex;
}

/** How the pages of a column chunk are packed, and where in the schema it is. */
export interface ListColumn {
  path: string[];
  codec: CompressionCodec;
  compress: (bytes: Uint8Array) => Uint8Array;
}

/**
 * Appends a column chunk of required lists of required 32-bit integers. What says where rows begin and which are empty is
 * the same for a whole row, so it is written as runs, and items are copied, not looked at one by one. Pages (version 2) have whole rows; there are no
 * statistics. Throws RangeError where a list has more than 2^26 items.
 */
export function appendIntLists(
  writer: ByteWriter,
  { path, codec, compress }: ListColumn,
  lists: readonly Int32Array[],
): WrittenChunk {
  const start = writer.offset;
  const locations: OffsetIndex['page_locations'] = [];
  let values = 0;
  let unpacked = 0;
  for (const [first, end] of pagesOf(lists)) {
    const offset = writer.offset;
    const page = appendPage(writer, compress, lists.slice(first, end));
    values += page.values;
    unpacked += page.unpacked;
    locations.push({
      offset: BigInt(offset),
      compressed_page_size: writer.offset - offset,
      first_row_index: BigInt(first),
    });
  }
  return {
    chunk: {
      file_offset: BigInt(start),
      meta_data: {
        type: 'INT32',
        encodings: ['RLE', 'PLAIN'],
        path_in_schema: path,
        codec,
        num_values: BigInt(values),
        total_compressed_size: BigInt(writer.offset - start),
        total_uncompressed_size: BigInt(unpacked),
        data_page_offset: BigInt(start),
      },
    },
    ...(locations.length > 1 && { offsetIndex: { page_locations: locations } }),
  };
}

/** The rows of each page. */
function* pagesOf(lists: readonly Int32Array[]): Generator<[first: number, end: number]> {
  let first = 0;
  let bytes = 0;
  for (const [i, list] of lists.entries()) {
    if (list.length > MAX_ITEMS) throw new RangeError(`a list of ${list.length} items; at most ${MAX_ITEMS}`);
    bytes += list.byteLength;
    if (bytes < PAGE_BYTES && i + 1 < lists.length) continue;
    yield [first, i + 1];
    first = i + 1;
    bytes = 0;
  }
}

/** An empty list stands for one value, a null, among the values of a page; its size is told with the header and unpacked. */
function appendPage(
  writer: ByteWriter,
  compress: ListColumn['compress'],
  lists: readonly Int32Array[],
): { values: number; unpacked: number } {
  const start = writer.offset;
  const empty = lists.filter(({ length }) => length === 0).length;
  const items = itemsOf(lists);
  const packed = compress(items);
  const levels = new ByteWriter();
  const repetition = appendRuns(levels, repetitions(lists));
  const definition = appendRuns(levels, definitions(lists));
  const values = items.length / Int32Array.BYTES_PER_ELEMENT + empty;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.offset + items.length,
    compressed_page_size: levels.offset + packed.length,
    data_page_header_v2: {
      num_values: values,
      num_nulls: empty,
      num_rows: lists.length,
      encoding: 'PLAIN',
      definition_levels_byte_length: definition,
      repetition_levels_byte_length: repetition,
      is_compressed: true,
    },
  });
  const unpacked = writer.offset - start + levels.offset + items.length;
  writer.appendBytes(levels.getBytes());
  writer.appendBytes(packed);
  return { values, unpacked };
}

/** 0 begins a row, 1 goes on with it. */
function* repetitions(lists: readonly Int32Array[]): Generator<[level: number, count: number]> {
  for (const { length } of lists) {
    yield [0, 1];
    yield [1, Math.max(0, length - 1)];
  }
}

/** 1 is an item, 0 an empty list. */
function* definitions(lists: readonly Int32Array[]): Generator<[level: number, count: number]> {
  for (const { length } of lists) yield length === 0 ? [0, 1] : [1, length];
}

/** All items as the format has them, little-endian, which the machines we run on are. */
function itemsOf(lists: readonly Int32Array[]): Uint8Array {
  const items = new Int32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    items.set(list, at);
    at += list.length;
  }
  return new Uint8Array(items.buffer);
}
