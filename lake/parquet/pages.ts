import { crc32 } from 'node:zlib';
import type { ColumnMetaData, DecodedArray, FileMetaData, PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { dictionaryValues, flatDecoder, pageValues } from './values.ts';

/** Values of a flat column that follow each other; `firstRow` counts from the start of the row group. */
export interface PageValues {
  firstRow: number;
  values: ArrayLike<unknown>;
}

/** Thrown by `pagesOf`; says in which rows of the row group (about: a page's) the damage lies. */
export class PageDamage extends Error {
  readonly firstRow: number;
  readonly endRow: number;
  constructor(message: string, firstRow: number, endRow: number, cause?: unknown) {
    super(message, { cause });
    this.firstRow = firstRow;
    this.endRow = endRow;
  }
}

/**
 * Decodes the pages of a flat column chunk one after the other, leaving out those that end before `fromRow`. Page sizes,
 * checksums and numbers of values are checked. Throws PageDamage.
 */
export function* pagesOf(
  bytes: Uint8Array,
  chunk: { metadata: FileMetaData; meta: ColumnMetaData; rows: number; fromRow: number; toRow: number },
): Generator<PageValues> {
  const { rows } = chunk;
  const decoder = flatDecoder(chunk.metadata, chunk.meta);
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
  let dictionary: DecodedArray | undefined;
  let row = 0;
  while (row < chunk.toRow) {
    if (reader.offset >= bytes.length)
      throw new PageDamage(`its pages hold ${row} of ${rows} rows`, row, rows);
    let endRow = rows;
    let values: ArrayLike<unknown> | undefined;
    try {
      const header = parquetHeader(reader);
      const body = bodyOf(bytes, reader.offset, header);
      reader.offset += body.length;
      if (header.type === 'DICTIONARY_PAGE') dictionary = dictionaryValues(body, header, decoder);
      const shape = header.data_page_header_v2 ?? header.data_page_header;
      if (shape === undefined) continue;
      const count = shape.num_values;
      if (!(count >= 0 && row + count <= rows))
        throw new RangeError(`a page claims ${count} more of ${rows} rows`);
      endRow = row + count;
      if (endRow > chunk.fromRow) values = pageValues(body, header, decoder, dictionary);
    } catch (cause) {
      throw new PageDamage(cause instanceof Error ? cause.message : String(cause), row, endRow, cause);
    }
    if (values !== undefined) yield { firstRow: row, values };
    row = endRow;
  }
}

/** A page's bytes in a buffer of their own: lengths in a damaged page must not reach into the next one. */
function bodyOf(bytes: Uint8Array, start: number, header: PageHeader): Uint8Array {
  const size = header.compressed_page_size;
  if (!(size >= 0 && start + size <= bytes.length)) throw new RangeError('a page reaches past its column');
  const body = new Uint8Array(bytes.subarray(start, start + size));
  if (header.crc !== undefined && crc32(body) !== header.crc >>> 0) {
    throw new RangeError('the checksum of a page does not match');
  }
  return body;
}
