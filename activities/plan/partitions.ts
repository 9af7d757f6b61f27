import { partitionId } from '../../lake/layout.ts';

/** A raw object of the plan, in the order of keys. One that failed has a reason, and rows where its footer could be read. */
export interface PlannedSource {
  ordinal: number;
  key: string;
  etag: string;
  size: number;
  rows: number;
  failure: SourceFailure | null;
}
export interface SourceFailure {
  /** Name of the error class. */
  type: string;
  message: string;
}
/** Rows [rowStart, rowEnd) of one source, whole blocks. */
export interface SourceRun {
  source: number;
  key: string;
  etag: string;
  size: number;
  rowStart: number;
  rowEnd: number;
}
/** One partition: the unit of work of a lane. */
export interface PlanEntry {
  id: string;
  runs: SourceRun[];
  textBytes: number;
  /** How many replays have asked for it anew though its sources are the same: it begins again with its rows. */
  again?: number;
  /** The partitions of earlier generations that its sources stood in: their rounds may have answers for it. */
  earlier?: string[];
}
/** What is not cut further: a row group of a source, or a block of a large one, with the bytes of its text columns. */
export interface PlannedPiece {
  firstRow: number;
  rows: number;
  textBytes: number;
}

/** Rows of a partition at most, if it has more than one piece: what short texts cost is their number. */
export const PARTITION_ROWS = 2 ** 17;

/**
 * Cuts sources into partitions of about `targetBytes` of text: consecutive pieces, small sources coalesced, never less
 * than a piece. Only the amount of work in one activity depends on it, no byte of the result.
 */
export function cutPartitions(
  sources: readonly { source: PlannedSource; pieces: readonly PlannedPiece[] }[],
  targetBytes: number,
): PlanEntry[] {
  const entries: PlanEntry[] = [];
  let runs: SourceRun[] = [];
  let bytes = 0;
  let rows = 0;
  function close(): void {
    if (runs.length > 0) entries.push({ id: partitionId(runs), runs, textBytes: bytes });
    runs = [];
    bytes = 0;
    rows = 0;
  }
  for (const { source, pieces } of sources) {
    for (const piece of pieces) {
      if (piece.rows === 0) continue;
      const full = bytes > 0 && bytes + piece.textBytes > targetBytes;
      if (full || (rows > 0 && rows + piece.rows > PARTITION_ROWS)) close();
      const last = runs.at(-1);
      const rowEnd = piece.firstRow + piece.rows;
      if (last?.source === source.ordinal) {
        last.rowEnd = rowEnd;
      } else {
        const { ordinal, key, etag, size } = source;
        runs.push({ source: ordinal, key, etag, size, rowStart: piece.firstRow, rowEnd });
      }
      bytes += piece.textBytes;
      rows += piece.rows;
    }
  }
  close();
  return entries;
}
