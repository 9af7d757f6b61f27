import type { Output } from '../../lake/commit.ts';

/** Of which release the records of a segment are: signatures and hashes of another one mean something else. */
export const SEGMENT_VERSION = 1;

/**
 * `segment.json`: what later ingests of a domain know of the documents that one publication (or several, compacted) has
 * kept. Immutable, and visible only through the entry of the domain's log that names it.
 */
export interface Segment {
  format: 'instruct-lake/segment@1';
  domain: string;
  version: number;
  /** Version of the Unicode tables that texts were folded with. */
  unicode: string;
  /** Whether there are signatures, and whether there are shingle sets. */
  near: boolean;
  exact: boolean;
  documents: number;
  /** Ordinals of sources of later runs begin here. */
  nextSource: number;
  /** JSON: SegmentSource[], by ordinal; every source that these runs took. */
  sources: Output;
  /** Runs of the exchange, each sorted: bucket records of the documents, as scan writes them. */
  buckets: Output[];
  /** Key = the row; payload = the 16 bytes of the text's hash. Every document has one. */
  hashes: Output[];
  /** Key = the row; payload = the signature. */
  signatures: Output[];
  /** Key = the row; payload = the set of shingles. */
  shingles: Output[];
}

/** A source that a publication has taken. Ordinals are the domain's: no two live sources have the same. */
export interface SegmentSource {
  source: number;
  key: string;
  etag: string;
  rows: number;
  run: string;
}

/** What a segment holds runs of, each an array of `Segment`. */
export const SEGMENT_RUNS = ['buckets', 'hashes', 'signatures', 'shingles'] as const;
export type SegmentRuns = (typeof SEGMENT_RUNS)[number];
