import { gzipSync } from 'node:zlib';

/** Where a document stands in a headerless `.npy`. */
export interface OlmoRow {
  /** Tokens [start, end) of the body. */
  start: number;
  end: number;
  id: string;
  source: string;
}

/**
 * The `.csv.gz` beside an OLMo-core `.npy`, without a header: start, end, id, source, number in the file. It is stored, not packed: what
 * packs depends on the build of the library that does, and the bytes must not.
 */
export function olmoIndex(rows: readonly OlmoRow[]): Uint8Array {
  const lines = rows.map(({ start, end, id, source }, i) => `${start},${end},${id},${source},${i}\n`);
  const packed = gzipSync(lines.join(''), { level: 0 });
  // Which system wrote it: unknown.
  packed[9] = 255;
  return packed;
}
