import type { Row } from '../../lake/parquet/rows.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import type { FullSpec } from '../../lake/spec.ts';
import type { ScheduledText } from '../synthesize/schedule.ts';
import type { CheckReason } from './check.ts';

/** A valid row, as scan leaves it for the stages behind. */
export interface ScannedText extends ScheduledText {
  /** Document id. */
  document: string;
  /** Ordinal of its source in the plan. */
  source: number;
  /** The row's own id and title, where the spec names columns for them. */
  id: string | null;
  title: string | null;
  text: string;
  /** The pairs that it came with, as JSON, where the spec names a column for them. */
  given: string | null;
  /** First 128 bits of the SHA-256 of the text, folded for dedupe. */
  hash: string;
}
export const TEXTS = 'texts.parquet';
export const TEXT_COLUMNS = [
  { name: 'document', type: 'string', nullable: false },
  { name: 'source', type: 'int32', nullable: false },
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'block', type: 'int64', nullable: false },
  { name: 'ordinal', type: 'int32', nullable: false },
  { name: 'valid', type: 'int32', nullable: false },
  { name: 'id', type: 'string' },
  { name: 'title', type: 'string' },
  { name: 'text', type: 'string', nullable: false },
  { name: 'hash', type: 'string', nullable: false },
] as const satisfies readonly ColumnSpec[];
/** The columns of a run's texts: one more where pairs come with them. */
export const textColumns = (input: FullSpec['input']): readonly TextColumn[] =>
  input.pairs === undefined ? TEXT_COLUMNS : [...TEXT_COLUMNS, { name: 'given', type: 'string' }];
type TextColumn = ColumnSpec & { name: keyof ScannedText };

export function scannedText(row: Row): ScannedText {
  return {
    document: String(row.document),
    source: Number(row.source),
    key: String(row.key),
    row: Number(row.row),
    block: Number(row.block),
    ordinal: Number(row.ordinal),
    valid: Number(row.valid),
    id: row.id === null ? null : String(row.id),
    title: row.title === null ? null : String(row.title),
    text: String(row.text),
    given: typeof row.given === 'string' ? row.given : null,
    hash: String(row.hash),
  };
}

/** A row that is kept aside, and why. */
export interface Reject {
  key: string;
  row: number;
  reason: RejectReason;
  id: string | null;
  /** What a check found, in words. */
  detail: string | null;
  /** What stands there, cut short, control characters made visible. */
  excerpt: string | null;
}
/** `null` and `blank`: nothing to read. `invalidUtf8`: bytes that are no text. With a colon: a check that a valid text did not pass. */
export type RejectReason = 'null' | 'blank' | 'invalidUtf8' | CheckReason;
export const REJECTS = 'rejects.parquet';
export const REJECT_COLUMNS = [
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'reason', type: 'string', nullable: false },
  { name: 'id', type: 'string' },
  { name: 'detail', type: 'string' },
  { name: 'excerpt', type: 'string' },
] as const satisfies readonly ColumnSpec[];
