import type { Row } from '../../lake/parquet/rows.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import { addReasons, reasonCounts } from '../reasons.ts';
import type { Entry } from './entry.ts';

/** A piece of an answer that became no pair. */
export interface DroppedSegment {
  /** Document id of the text (or part) that was asked about. */
  id: string;
  key: string;
  row: number;
  part: number;
  round: number;
  /** Its place among the dropped pieces of that answer. */
  ordinal: number;
  reason: string;
  /** Its UTF-8 bytes; the segment below may be shorter. */
  bytes: number;
  segment: string;
}

/** UTF-16 units of a segment that are kept at most; the whole answer is in the entry. */
const KEPT = 2_000;

export const DROPS = 'drops.parquet';
export const DROP_COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'part', type: 'int32', nullable: false },
  { name: 'round', type: 'int32', nullable: false },
  { name: 'ordinal', type: 'int32', nullable: false },
  { name: 'reason', type: 'string', nullable: false },
  { name: 'bytes', type: 'int64', nullable: false },
  { name: 'segment', type: 'string', nullable: false },
] as const satisfies readonly ColumnSpec[];

/** What was dropped from the answers of some entries, in their order: the generator reads each answer once more. */
export function* droppedFrom(
  entries: readonly Entry[],
  { parse }: { parse(answer: string): { drops: readonly { reason: string; segment: string }[] } },
): Iterable<DroppedSegment> {
  for (const { id, key, row, part, round, completion } of entries) {
    for (const [ordinal, { reason, segment }] of parse(completion).drops.entries()) {
      yield {
        ...{ id, key, row, part, round, ordinal, reason },
        bytes: Buffer.byteLength(segment),
        segment: beginning(segment),
      };
    }
  }
}

/** The first `KEPT` units of a text, a surrogate pair not cut in two. */
function beginning(text: string): string {
  if (text.length <= KEPT) return text;
  const high = (text.charCodeAt(KEPT - 1) & 0xfc00) === 0xd800;
  return text.slice(0, high ? KEPT - 1 : KEPT);
}

/** A dropped segment as it was written. */
export function droppedSegment(row: Row): DroppedSegment {
  return {
    id: String(row.id),
    key: String(row.key),
    row: Number(row.row),
    part: Number(row.part),
    round: Number(row.round),
    ordinal: Number(row.ordinal),
    reason: String(row.reason),
    bytes: Number(row.bytes),
    segment: String(row.segment),
  };
}

/** Dropped segments of some entries by reason. */
export function dropReasons(entries: readonly Pick<Entry, 'drops'>[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { drops } of entries) addReasons(reasons, drops);
  return reasons;
}

/** The same as counts of a commit: `drop:<reason>`. */
export function dropCounts(entries: readonly Pick<Entry, 'drops'>[]): Record<string, number> {
  return reasonCounts('drop', dropReasons(entries));
}
