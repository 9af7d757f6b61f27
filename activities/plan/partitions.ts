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
/** Rows [rowStart, rowEnd) of one source, whole row groups. */
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
}
/** A row group of a source with the bytes of its text column. */
export interface PlannedGroup {
  firstRow: number;
  rows: number;
  textBytes: number;
}

/**
 * Cuts sources into partitions of about `targetBytes` of text: consecutive row groups, small sources coalesced, never
 * less than a row group. Only the amount of work in one activity depends on it, no byte of the result.
 */
export function cutPartitions(
  sources: readonly { source: PlannedSource; groups: readonly PlannedGroup[] }[],
  targetBytes: number,
): PlanEntry[] {
  const entries: PlanEntry[] = [];
  let runs: SourceRun[] = [];
  let bytes = 0;
  function close(): void {
    if (runs.length > 0) entries.push({ id: partitionId(runs), runs, textBytes: bytes });
    runs = [];
    bytes = 0;
  }
  for (const { source, groups } of sources) {
    for (const group of groups) {
      if (group.rows === 0) continue;
      if (bytes > 0 && bytes + group.textBytes > targetBytes) close();
      const last = runs.at(-1);
      if (last?.source === source.ordinal) {
        last.rowEnd = group.firstRow + group.rows;
      } else {
        const { ordinal, key, etag, size } = source;
        const rowEnd = group.firstRow + group.rows;
        runs.push({ source: ordinal, key, etag, size, rowStart: group.firstRow, rowEnd });
      }
      bytes += group.textBytes;
    }
  }
  close();
  return entries;
}
