import { asText, isInvalidUtf8 } from '../../lake/parquet/cells.ts';
import { printable } from '../../lake/printable.ts';
import type { RejectReason } from './texts.ts';

/** A text cell: its text, or why there is none. White space alone is blank (ASCII, NBSP, BOM and the ideographic space). */
export function textOrReason(
  cell: unknown,
): { text: string } | { reason: RejectReason; excerpt: string | null } {
  const value = asText(cell);
  if (value === undefined) return { reason: 'null', excerpt: null };
  if (isInvalidUtf8(value)) {
    return { reason: 'invalidUtf8', excerpt: excerpt(Buffer.from(value.bytes).toString('latin1')) };
  }
  if (/^[\s\0\u00a0\u3000\ufeff]*$/.test(value.text))
    return { reason: 'blank', excerpt: excerpt(value.text) };
  return { text: value.text };
}

/** The first 200 characters on one line: corpus text is hostile to terminals. */
const excerpt = (text: string): string => printable(text.slice(0, 200), '');
