import type { Merge } from './merges.ts';

/** The symbols of the pre-token [from, end) of `bytes` before any merge, into `symbols` from `to` on: not more than it has bytes. Returns how many. */
export type SymbolsOf = (
  bytes: Uint8Array,
  from: number,
  end: number,
  symbols: Uint32Array,
  to: number,
) => number;

/** What becomes of a pre-token that is not known yet. */
export interface Spelling {
  /** The symbol of each byte that is one whatever stands beside it, else -1. */
  byteIds: Int32Array;
  /** Asked where a pre-token has bytes that are none. */
  symbolsOf: SymbolsOf;
  merges: readonly Merge[];
  /** Bytes of text behind each id that words are spelled with; an added token that the vocabulary has as well is another thing in text. */
  lengths: ReadonlyMap<number, number>;
}
