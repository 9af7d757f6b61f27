import { createColors } from 'picocolors';
import { printable } from '../../lake/printable.ts';
import type { Span } from '../../workflows/contract.ts';

/** A document for a terminal: what is data in the colour of its kind, control characters made visible. */
export function painted({ text, spans }: { text: string; spans: readonly Span[] }, color: boolean): string {
  const { dim, cyan, yellow, green } = createColors(color);
  const paint = { context: dim, question: cyan, rationale: yellow, answer: green };
  const bytes = Buffer.from(text);
  const piece = (start: number, end: number): string => printable(bytes.toString('utf8', start, end));
  let shown = '';
  let at = 0;
  for (const { kind, start, end } of spans) {
    shown += piece(at, start) + paint[kind](piece(start, end));
    at = end;
  }
  return shown + piece(at, bytes.length);
}
