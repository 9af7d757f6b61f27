import { crc32 } from 'node:zlib';
import type { ColumnMetaData, DecodedArray, FileMetaData } from 'hyparquet';
import { LakeError } from '../errors.ts';
import { readPageHeader } from './page-header.ts';
import type { MappedPage } from './page-map.ts';
import { dictionaryValues, flatDecoder, pageValues } from './values.ts';
import type { ByteWindow } from './window.ts';

/** Values of a column that follow each other; `firstRow` counts from the start of the row group. */
export interface PageValues {
  firstRow: number;
  values: ArrayLike<unknown>;
  /** Of the page, unpacked. */
  bytes: number;
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

/** A flat column chunk, and the rows of it that are wanted. */
export interface PagedChunk {
  metadata: FileMetaData;
  meta: ColumnMetaData;
  /** Rows of the row group. */
  rows: number;
  fromRow: number;
  toRow: number;
  /** The data pages that hold the rows, where they are known. */
  pages?: readonly MappedPage[];
}

/**
 * Decodes the pages of a flat column chunk one after the other, leaving out those that end before `fromRow`. The windows
 * hold the chunk, or its dictionary and the known pages. Page sizes, checksums and numbers of values are checked.
 * Throws PageDamage, and what reading throws.
 */
export async function* pagesOf(
  windows: readonly ByteWindow[],
  chunk: PagedChunk,
): AsyncGenerator<PageValues, void> {
  const { rows, pages } = chunk;
  const decoder = flatDecoder(chunk.metadata, chunk.meta);
  let dictionary: DecodedArray | undefined;
  let row = pages?.[0]?.[0] ?? 0;
  let known = 0;
  for (const window of windows) {
    while (row < chunk.toRow && window.position < window.end) {
      let endRow = rows;
      let values: ArrayLike<unknown> | undefined;
      let bytes = 0;
      const expected = pages?.[known];
      // Between known pages there may be bytes that belong to none.
      if (expected !== undefined && expected[2] > window.position && expected[2] < window.end)
        window.skip(expected[2] - window.position);
      try {
        const page = await readPageHeader(window);
        const { header } = page;
        bytes = header.uncompressed_page_size;
        if (page.rows === undefined) {
          if (header.type === 'DICTIONARY_PAGE')
            dictionary = dictionaryValues(await bodyOf(window, header), header, decoder);
          else window.skip(header.compressed_page_size);
          continue;
        }
        const count = page.rows;
        if (!(count >= 0 && row + count <= rows))
          throw new RangeError(`a page claims ${count} more of ${rows} rows`);
        endRow = row + count;
        known++;
        if (expected !== undefined && (expected[0] !== row || expected[1] !== count))
          throw new RangeError(`a page has ${count} rows where ${expected[1]} were noted`);
        if (endRow > chunk.fromRow)
          values = pageValues(await bodyOf(window, header), header, decoder, dictionary);
        else window.skip(header.compressed_page_size);
      } catch (cause) {
        if (cause instanceof LakeError) throw cause;
        throw new PageDamage(cause instanceof Error ? cause.message : String(cause), row, endRow, cause);
      }
      if (values !== undefined) yield { firstRow: row, values, bytes };
      row = endRow;
    }
  }
  if (row < chunk.toRow) throw new PageDamage(`its pages hold ${row} of ${rows} rows`, row, rows);
}

/** A page's bytes in a buffer of their own: lengths in a damaged page must not reach into the next one. */
async function bodyOf(
  window: ByteWindow,
  header: { compressed_page_size: number; crc?: number },
): Promise<Uint8Array> {
  const body = await window.take(header.compressed_page_size);
  if (header.crc !== undefined && crc32(body) !== header.crc >>> 0) {
    throw new RangeError('the checksum of a page does not match');
  }
  return body;
}
