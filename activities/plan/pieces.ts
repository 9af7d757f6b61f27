import pLimit from 'p-limit';
import { BLOCK_ROWS, blockStarts } from '../../lake/identity.ts';
import { textBytes } from '../../lake/parquet/chunks.ts';
import type { Footer, RowGroup, SourceObject } from '../../lake/parquet/footer.ts';
import { mapPages, type PageMap, sliceMap, type WeighedMap } from '../../lake/parquet/page-map.ts';
import type { Services } from '../services.ts';
import { PARTITION_ROWS, type PlanEntry, type PlannedPiece } from './partitions.ts';

/** Column chunks of a source that are walked side by side. */
const WALKS = 8;

/** A source in pieces, and where the pages of its large row groups lie. */
export interface Pieces {
  pieces: PlannedPiece[];
  maps: PageMap[];
}

/**
 * Cuts a source into what partitions are made of: row groups, and blocks of those that are too large for one partition.
 * Of these the pages of all columns are looked up, so that a partition reads its own ones only. Throws CorruptParquet.
 */
export async function piecesOf(
  { store, checkCancelled }: Services,
  source: SourceObject,
  footer: Footer,
  columns: { text: readonly string[]; id: readonly string[] },
  targetBytes: number,
): Promise<Pieces> {
  const limit = pLimit(WALKS);
  const names = [...new Set([...columns.text, ...columns.id])];
  const cut = await Promise.all(
    footer.rowGroups.map(async (group): Promise<Pieces> => {
      const bytes = columns.text.map((column) => textBytes(footer, group, column));
      const whole = bytes.reduce((sum, each) => sum + each, 0);
      const large = whole > targetBytes || group.rows > PARTITION_ROWS;
      if (!large || group.rows <= BLOCK_ROWS) {
        return { pieces: [{ firstRow: group.firstRow, rows: group.rows, textBytes: whole }], maps: [] };
      }
      const weighed = await Promise.all(
        names.map((name) => limit(() => mapPages(store, source, footer, group, name, checkCancelled))),
      );
      const texts = columns.text.map((name, i) => ({
        bytes: bytes[i] ?? 0,
        ...(weighed[names.indexOf(name)] as WeighedMap),
      }));
      return { pieces: blockPieces(group, texts), maps: weighed.map(({ map }) => map) };
    }),
  );
  return { pieces: cut.flatMap(({ pieces }) => pieces), maps: cut.flatMap(({ maps }) => maps) };
}

/** The blocks of a row group; of the text of a column each has what its pages weigh, a page shared by its rows. */
export function blockPieces(
  { firstRow, rows }: Pick<RowGroup, 'firstRow' | 'rows'>,
  texts: readonly (WeighedMap & { bytes: number })[],
): PlannedPiece[] {
  const pieces = blockStarts(firstRow, rows).map((start) => ({
    firstRow: start,
    rows: Math.min(BLOCK_ROWS, firstRow + rows - start),
    textBytes: 0,
  }));
  for (const { bytes, map, weights } of texts) {
    const total = weights.reduce((sum, each) => sum + each, 0);
    for (const [i, [first, count]] of map.pages.entries()) {
      const share = total > 0 ? (weights[i] ?? 0) / total : count / rows;
      for (let at = first; at < first + count; ) {
        const piece = pieces[Math.floor(at / BLOCK_ROWS)] as PlannedPiece;
        const next = Math.min(first + count, piece.firstRow - firstRow + piece.rows);
        piece.textBytes += (bytes * share * (next - at)) / count;
        at = next;
      }
    }
  }
  for (const piece of pieces) piece.textBytes = Math.round(piece.textBytes);
  return pieces;
}

/** For each run of a partition: the maps of its row groups, cut to its rows. */
export function mapsOf(
  entry: PlanEntry,
  sources: ReadonlyMap<number, { rowGroups: readonly RowGroup[]; maps: readonly PageMap[] }>,
): PageMap[][] {
  return entry.runs.map(({ source, rowStart, rowEnd }) => {
    const { rowGroups, maps } = sources.get(source) ?? { rowGroups: [], maps: [] };
    return maps.flatMap((map) => {
      const { firstRow: first = 0, rows = 0 } = rowGroups[map.rowGroup] ?? {};
      if (first >= rowEnd || first + rows <= rowStart) return [];
      const own = sliceMap(map, rowStart - first, rowEnd - first);
      return own.pages.length === 0 ? [] : [own];
    });
  });
}
