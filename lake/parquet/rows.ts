import { parquetRead } from 'hyparquet';
import { CorruptParquet, LakeError } from '../errors.ts';
import { BLOCK_ROWS } from '../identity.ts';
import type { ObjectStore } from '../store.ts';
import { PARSERS } from './cells.ts';
import { chunksOf, readRanges } from './chunks.ts';
import { DECOMPRESSORS } from './codecs.ts';
import { requireColumn } from './columns.ts';
import { type Footer, type RowGroup, reason, type SourceObject } from './footer.ts';
import { PageDamage, type PageValues, pagesOf } from './pages.ts';
import { type Column, isFlat } from './schema.ts';

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
}

/** Hands out the values of one column in the order of the rows. */
type Take = (count: number) => unknown[];

/**
 * Rows of a Parquet object in order, in batches that never cross a block (lake/identity.ts). Only the named columns are
 * fetched, a row group at a time, and only of the version `source.etag`.
 * Throws SchemaMismatch, InputChanged, and CorruptParquet with row group, column and rows.
 */
export async function* readRows(
  store: ObjectStore,
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
    const takes = await openGroup(store, source, footer, group, columns, from, to);
    for (let row = from; row < to; ) {
      const next = Math.min(to, row - (row % BLOCK_ROWS) + BLOCK_ROWS);
      yield { firstRow: group.firstRow + row, rows: transpose(columns, takes, next - row) };
      row = next;
    }
  }
}

function transpose(columns: readonly Column[], takes: readonly Take[], count: number): Row[] {
  const rows: Row[] = Array.from({ length: count }, () => ({}));
  for (const [c, column] of columns.entries()) {
    const values = takes[c]?.(count) ?? [];
    for (const [i, row] of rows.entries()) row[column.name] = values[i];
  }
  return rows;
}

async function openGroup(
  store: ObjectStore,
  source: SourceObject,
  footer: Footer,
  group: RowGroup,
  columns: readonly Column[],
  from: number,
  to: number,
): Promise<Take[]> {
  const flat = columns.filter(isFlat);
  const places = flat.flatMap((column) => chunksOf(footer, group, column.name).slice(0, 1));
  const chunks = await readRanges(store, source, places);
  const takes = new Map<Column, Take>();
  for (const [i, column] of flat.entries()) {
    const meta = places[i]?.meta;
    const bytes = chunks[i];
    if (meta === undefined || bytes === undefined) continue;
    const pages = pagesOf(bytes, {
      metadata: footer.metadata,
      meta,
      rows: group.rows,
      fromRow: from,
      toRow: to,
    });
    takes.set(column, guarded(cursor(pages, from), footer, group, column));
  }
  for (const column of columns.filter((each) => !isFlat(each))) {
    takes.set(column, await openNested(store, source, footer, group, column, from, to));
  }
  return columns.flatMap((column) => takes.get(column) ?? []);
}

/** Walks over pages; holds one at a time. */
function cursor(pages: Generator<PageValues>, fromRow: number): Take {
  let row = fromRow;
  let page: PageValues = { firstRow: fromRow, values: [] };
  return (count) => {
    const taken: unknown[] = [];
    while (taken.length < count) {
      const at = row - page.firstRow;
      const available = Math.min(page.values.length - at, count - taken.length);
      if (available <= 0) {
        const next = pages.next();
        if (next.done) throw new PageDamage('the pages end before the rows do', row, row + count);
        page = next.value;
        continue;
      }
      for (let i = 0; i < available; i++) taken.push(page.values[at + i]);
      row += available;
    }
    return taken;
  };
}

function guarded(take: Take, footer: Footer, group: RowGroup, column: Column): Take {
  return (count) => {
    try {
      return take(count);
    } catch (cause) {
      throw damage(cause, footer, group, column);
    }
  };
}

/** A list, map or struct: hyparquet assembles it, for the whole row group at once. */
async function openNested(
  store: ObjectStore,
  source: SourceObject,
  footer: Footer,
  group: RowGroup,
  column: Column,
  from: number,
  to: number,
): Promise<Take> {
  chunksOf(footer, group, column.name);
  const file = {
    byteLength: footer.size,
    slice: async (start: number, end: number = footer.size): Promise<ArrayBuffer> => {
      const [bytes] = await readRanges(store, source, [{ start, end }]);
      return new Uint8Array(bytes ?? []).buffer;
    },
  };
  try {
    const values: unknown[] = [];
    await parquetRead({
      file,
      metadata: footer.metadata,
      columns: [column.name],
      rowStart: group.firstRow + from,
      rowEnd: group.firstRow + to,
      compressors: DECOMPRESSORS,
      parsers: PARSERS,
      geoparquet: false,
      onChunk: ({ columnData, rowStart }) => {
        const skip = Math.max(0, group.firstRow + from - rowStart);
        // A null list comes as undefined.
        for (let i = skip; i < columnData.length; i++) values.push(columnData[i] ?? null);
      },
    });
    if (values.length < to - from) throw new PageDamage('the pages end before the rows do', from, to);
    let at = 0;
    return (count) => {
      at += count;
      return values.slice(at - count, at);
    };
  } catch (cause) {
    throw damage(cause, footer, group, column);
  }
}

function damage(cause: unknown, footer: Footer, group: RowGroup, column: Column): LakeError {
  if (cause instanceof LakeError) return cause;
  const first = group.firstRow + (cause instanceof PageDamage ? cause.firstRow : 0);
  const end = group.firstRow + (cause instanceof PageDamage ? cause.endRow : group.rows);
  return new CorruptParquet(
    `rows ${first} to ${Math.max(first, end - 1)} cannot be decoded: ${reason(cause)}`,
    { bucket: footer.bucket, key: footer.key, rowGroup: group.index, row: first, column: column.name },
    { cause },
  );
}
