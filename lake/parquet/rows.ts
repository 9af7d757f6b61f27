import { BLOCK_ROWS } from '../identity.ts';
import type { ReadStore } from '../store.ts';
import { chunksOf, readRanges, sourceReader } from './chunks.ts';
import { requireColumn } from './columns.ts';
import { type Cursor, openCursor } from './cursor.ts';
import type { Footer, RowGroup, SourceObject } from './footer.ts';
import { nestedValues } from './nested.ts';
import { type PageMap, sliceMap } from './page-map.ts';
import { type PagedChunk, pagesOf } from './pages.ts';
import { type Column, isFlat } from './schema.ts';
import { openWindow, WINDOW_BYTES } from './window.ts';

/** A row: its named columns. Texts are strings or `InvalidUtf8`, integers numbers or bigints, times ISO strings, nulls null. */
export type Row = Record<string, unknown>;

export interface RowBatch {
  /** Number of the first row in the file. */
  firstRow: number;
  rows: Row[];
}

export interface RowRequest {
  columns: readonly string[];
  /** Rows [rowStart, rowEnd) of the file; all by default. */
  rowStart?: number;
  rowEnd?: number;
  /** Where the pages of columns lie; a column without a map is read from the start of its chunk on. */
  maps?: readonly PageMap[];
}

/** A batch ends with the block, or with the page that brings its values to this many bytes. */
const BATCH_BYTES = 16 * 2 ** 20;

/**
 * Rows of a Parquet object in order, in batches that never cross a block (lake/identity.ts); only large blocks have
 * several. Only the named columns are fetched, and only of the version `source.etag`. In memory are, for each column, a
 * window on its bytes and one decoded page (a nested column: the row group's), and the batch.
 * Throws SchemaMismatch, InputChanged, and CorruptParquet with row group, column and rows.
 */
export async function* readRows(
  store: ReadStore,
  source: SourceObject,
  footer: Footer,
  request: RowRequest,
): AsyncGenerator<RowBatch> {
  const columns = [...new Set(request.columns)].map((name) => requireColumn(footer, name));
  const start = Math.max(0, request.rowStart ?? 0);
  const end = Math.min(footer.rows, request.rowEnd ?? footer.rows);
  for (const group of footer.rowGroups) {
    const from = Math.max(start - group.firstRow, 0);
    const to = Math.min(end - group.firstRow, group.rows);
    if (from >= to) continue;
    const cursors = await openGroup(store, source, footer, group, columns, from, to, request.maps ?? []);
    for (let row = from; row < to; ) {
      const blockEnd = Math.min(to, row - (row % BLOCK_ROWS) + BLOCK_ROWS);
      const rows: Row[] = [];
      const firstRow = group.firstRow + row;
      for (let bytes = 0; row < blockEnd && bytes < BATCH_BYTES; ) {
        let count = blockEnd - row;
        for (const cursor of cursors) count = Math.min(count, await cursor.available());
        const at = rows.length;
        for (let i = 0; i < count; i++) rows.push({});
        for (const cursor of cursors) bytes += cursor.move(rows, at);
        row += count;
      }
      yield { firstRow, rows };
    }
  }
}

/** Cursors over the columns of a row group. What they read first goes out together, neighbours in one request. */
async function openGroup(
  store: ReadStore,
  source: SourceObject,
  footer: Footer,
  group: RowGroup,
  columns: readonly Column[],
  from: number,
  to: number,
  maps: readonly PageMap[],
): Promise<Cursor[]> {
  const flat = columns.filter(isFlat).flatMap((column) => {
    const [place] = chunksOf(footer, group, column.name);
    if (place === undefined) return [];
    const map = maps.find((each) => each.rowGroup === group.index && each.column === column.name);
    const known = map && sliceMap(map, from, to);
    return [{ column, meta: place.meta, pages: known?.pages, parts: partsOf(place, known) }];
  });
  const parts = flat.flatMap((each) => each.parts);
  const firsts = await readRanges(
    store,
    source,
    parts.map(({ start, end }) => ({ start, end: Math.min(end, start + WINDOW_BYTES) })),
  );
  const read = sourceReader(store, source);
  const windows = parts.map(({ start, end }, i) =>
    openWindow(read, start, end, { held: firsts[i] ?? new Uint8Array() }),
  );
  let next = 0;
  const cursors = new Map<Column, Cursor>();
  for (const { column, meta, pages, parts: own } of flat) {
    const chunk: PagedChunk = {
      metadata: footer.metadata,
      meta,
      rows: group.rows,
      fromRow: from,
      toRow: to,
      ...(pages === undefined ? {} : { pages }),
    };
    const values = pagesOf(windows.slice(next, next + own.length), chunk);
    next += own.length;
    cursors.set(column, openCursor(values, footer, group, column.name, from));
  }
  return columns.map((column) => {
    const found = cursors.get(column);
    if (found !== undefined) return found;
    const values = nestedValues(store, source, footer, group, column.name, from, to);
    return openCursor(values, footer, group, column.name, from);
  });
}

/** The byte ranges in which the wanted pages lie: the whole chunk, or its dictionary and the known pages. */
function partsOf(
  { start, end }: { start: number; end: number },
  map: PageMap | undefined,
): { start: number; end: number }[] {
  if (map === undefined) return [{ start, end }];
  const parts = map.dictionary === null ? [] : [{ start: map.dictionary[0], end: map.dictionary[1] }];
  const [first] = map.pages;
  const last = map.pages.at(-1);
  if (first !== undefined && last !== undefined) parts.push({ start: first[2], end: last[2] + last[3] });
  return parts;
}
