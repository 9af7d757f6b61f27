import type { Span } from '../../workflows/contract.ts';

/** Text with the byte ranges of what stands in it. */
export interface Rendered {
  text: string;
  /** Offsets in the UTF-8 of `text`; sorted, not overlapping. */
  spans: Span[];
}
/** A piece that knows its length in UTF-8 bytes, so that joining counts nothing twice. */
export interface Piece extends Rendered {
  bytes: number;
}

export interface Builder {
  /** Adds text of ours. */
  add(text: string): void;
  /** Adds data unchanged, with a span over exactly its bytes. */
  mark(kind: Span['kind'], text: string): void;
  finish(): Piece;
}

/** Builds a piece from left to right; the bytes of every part are counted once. */
export function openBuilder(): Builder {
  let text = '';
  let bytes = 0;
  const spans: Span[] = [];
  function add(part: string): void {
    text += part;
    bytes += Buffer.byteLength(part);
  }
  function mark(kind: Span['kind'], part: string): void {
    const start = bytes;
    add(part);
    spans.push({ kind, start, end: bytes });
  }
  return { add, mark, finish: () => ({ text, spans, bytes }) };
}
