import { readOffsetIndex } from 'hyparquet/src/indexes.js';
import type { ReadStore } from '../store.ts';
import { type ChunkPlace, chunksOf, sourceReader } from './chunks.ts';
import { damage } from './damage.ts';
import type { Footer, RowGroup, SourceObject } from './footer.ts';
import { readPageHeader } from './page-header.ts';
import { PageDamage } from './pages.ts';
import { openWindow } from './window.ts';

/** A data page: its first row in the row group, its rows, where it begins (with its header), and its size. */
export type MappedPage = [firstRow: number, rows: number, start: number, size: number];

/** Where the data pages of a flat column chunk lie: what it takes to begin in the middle of it. */
export interface PageMap {
  rowGroup: number;
  column: string;
  /** Bytes [start, end) before the first data page, with the dictionary; null where there are none. */
  dictionary: [start: number, end: number] | null;
  pages: MappedPage[];
}
/** A page map with what each page weighs against the others in bytes of its values. */
export interface WeighedMap {
  map: PageMap;
  weights: number[];
}

/** Read for a page header on the walk. */
const HEADER_STEP = 16 * 1024;

/**
 * Finds the data pages of a flat column in a row group: from the file's own offset index where it has a sound one, else
 * by walking from page header to page header in small reads. Throws CorruptParquet with row group and rows.
 */
export async function mapPages(
  store: ReadStore,
  source: SourceObject,
  footer: Footer,
  group: RowGroup,
  column: string,
  onRead: () => void,
): Promise<WeighedMap> {
  const [place] = group.rows === 0 ? [] : chunksOf(footer, group, column);
  if (place === undefined)
    return { map: { rowGroup: group.index, column, dictionary: null, pages: [] }, weights: [] };
  const read = sourceReader(store, source, onRead);
  const indexed = await fromIndex(read, footer, group, place);
  const { pages, weights } = indexed ?? (await walk(read, footer, group, place, column));
  const first = pages[0]?.[2] ?? place.start;
  const dictionary: PageMap['dictionary'] = first > place.start ? [place.start, first] : null;
  return { map: { rowGroup: group.index, column, dictionary, pages }, weights };
}

/** The part of a map that holds rows [from, to) of its row group. */
export function sliceMap(map: PageMap, from: number, to: number): PageMap {
  const pages = map.pages.filter(([firstRow, rows]) => rows > 0 && firstRow < to && firstRow + rows > from);
  return { ...map, pages };
}

interface Found {
  pages: MappedPage[];
  weights: number[];
}

/** The pages by the offset index of the file; undefined where it has none, or one that contradicts itself or the footer. */
async function fromIndex(
  read: (start: number, end: number) => Promise<Uint8Array>,
  footer: Footer,
  group: RowGroup,
  { start, end, chunk }: ChunkPlace,
): Promise<Found | undefined> {
  const at = Number(chunk.offset_index_offset ?? 0);
  const length = chunk.offset_index_length ?? 0;
  if (!(at > 0 && length > 0 && at + length <= footer.size)) return undefined;
  const bytes = await read(at, at + length);
  const pages: MappedPage[] = [];
  let weights: number[];
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const index = readOffsetIndex({ view, offset: 0 });
    const firsts = index.page_locations.map((page) => Number(page.first_row_index));
    for (const [i, page] of index.page_locations.entries()) {
      const firstRow = firsts[i] as number;
      const rows = (firsts[i + 1] ?? group.rows) - firstRow;
      pages.push([firstRow, rows, Number(page.offset), page.compressed_page_size]);
    }
    weights = (index.unencoded_byte_array_data_bytes ?? pages.map(([, , , size]) => size)).map(Number);
  } catch {
    return undefined;
  }
  let row = 0;
  let position = start;
  for (const [firstRow, rows, from, size] of pages) {
    const sound = firstRow === row && rows >= 0 && from >= position && size > 0 && from + size <= end;
    if (!sound) return undefined;
    row += rows;
    position = from + size;
  }
  return row === group.rows && weights.length === pages.length ? { pages, weights } : undefined;
}

async function walk(
  read: (start: number, end: number) => Promise<Uint8Array>,
  footer: Footer,
  group: RowGroup,
  { start, end }: ChunkPlace,
  column: string,
): Promise<Found> {
  const window = openWindow(read, start, end, { step: HEADER_STEP, ahead: false });
  const pages: MappedPage[] = [];
  const weights: number[] = [];
  let row = 0;
  try {
    while (row < group.rows) {
      if (window.position >= end) throw new RangeError(`its pages hold ${row} of ${group.rows} rows`);
      const { header, start: from, rows } = await readPageHeader(window);
      window.skip(header.compressed_page_size);
      if (rows === undefined) continue;
      if (!(rows >= 0 && row + rows <= group.rows))
        throw new RangeError(`a page claims ${rows} more of ${group.rows} rows`);
      pages.push([row, rows, from, window.position - from]);
      weights.push(header.uncompressed_page_size);
      row += rows;
    }
  } catch (cause) {
    const where = new PageDamage(
      cause instanceof Error ? cause.message : String(cause),
      row,
      group.rows,
      cause,
    );
    throw damage(where, footer, group, column);
  }
  return { pages, weights };
}
