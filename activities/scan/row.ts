import { asText, isInvalidUtf8 } from '../../lake/parquet/cells.ts';
import { printable } from '../../lake/printable.ts';
import { type Check, firstRejection, type Place } from './check.ts';
import type { Reject } from './texts.ts';

/** Why a cell gives no text that is used. */
type Why = Pick<Reject, 'reason' | 'detail' | 'excerpt'>;

/** A text cell: its text, or why there is none. White space alone is blank (ASCII, NBSP, BOM and the ideographic space). */
export function textOrReason(cell: unknown): { text: string } | Why {
  const value = asText(cell);
  if (value === undefined) return { reason: 'null', detail: null, excerpt: null };
  if (isInvalidUtf8(value)) {
    const bytes = Buffer.from(value.bytes).toString('latin1');
    return { reason: 'invalidUtf8', detail: null, excerpt: excerpt(bytes) };
  }
  if (/^[\s\0\u00a0\u3000\ufeff]*$/.test(value.text))
    return { reason: 'blank', detail: null, excerpt: excerpt(value.text) };
  return { text: value.text };
}

/** A text cell: its text where all checks let it pass, or why there is none. */
export function checkedText(cell: unknown, checks: readonly Check[], place: Place): { text: string } | Why {
  const found = textOrReason(cell);
  if ('reason' in found) return found;
  const rejection = firstRejection(checks, found.text, place);
  return rejection === undefined ? found : { ...rejection, excerpt: excerpt(found.text) };
}

/** A cell of pairs as JSON: text as it stands, a list or a struct spelled out; null where there is none. */
export function givenOf(cell: unknown): string | null {
  if (typeof cell === 'string') return cell;
  if (cell === null || cell === undefined) return null;
  return JSON.stringify(cell, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** The first 200 characters on one line: corpus text is hostile to terminals. */
const excerpt = (text: string): string => printable(text.slice(0, 200), '');
