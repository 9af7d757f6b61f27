import type { ColumnChunk, ColumnMetaData } from 'hyparquet';
import { CorruptParquet } from '../errors.ts';
import type { ReadStore } from '../store.ts';
import type { Footer, ReadRange, RowGroup, SourceObject } from './footer.ts';

/** The bytes of one column in one row group, and what the footer says of them. */
export interface ChunkPlace {
  chunk: ColumnChunk;
  meta: ColumnMetaData;
  start: number;
  end: number;
}

/** Chunks that lie this close together are read in one request: some writers leave small gaps between them. */
const GAP_BYTES = 8 * 1024;

/** Where the leaf columns under a top-level column lie in a row group. Throws CorruptParquet. */
export function chunksOf(footer: Footer, group: RowGroup, column: string): ChunkPlace[] {
  const where = { bucket: footer.bucket, key: footer.key, rowGroup: group.index, column };
  const places: ChunkPlace[] = [];
  for (const chunk of footer.metadata.row_groups[group.index]?.columns ?? []) {
    const meta = chunk.meta_data;
    if (meta === undefined) throw new CorruptParquet('the file has encrypted columns', where);
    if (meta.path_in_schema[0] !== column) continue;
    if (chunk.file_path)
      throw new CorruptParquet(`the column is kept in another file, ${chunk.file_path}`, where);
    const first = Number(meta.data_page_offset);
    const dictionary = Number(meta.dictionary_page_offset ?? 0);
    const start = dictionary > 0 ? Math.min(first, dictionary) : first;
    const end = start + Number(meta.total_compressed_size);
    if (!(start >= 4 && end >= start && end <= footer.size)) {
      throw new CorruptParquet(
        `the column is said to lie at bytes ${start} to ${end} of ${footer.size}`,
        where,
      );
    }
    places.push({ chunk, meta, start, end });
  }
  if (places.length === 0) throw new CorruptParquet('the row group lacks a column of the schema', where);
  return places;
}

/**
 * Bytes of text that a column has in a row group: exact where the writer noted it, else its uncompressed size
 * (which, for a column with a dictionary, counts each value once).
 */
export function textBytes(footer: Footer, group: RowGroup, column: string): number {
  if (group.rows === 0) return 0;
  return chunksOf(footer, group, column).reduce((sum, { meta }) => {
    const exact = meta.size_statistics?.unencoded_byte_array_data_bytes;
    return sum + Number(exact ?? meta.total_uncompressed_size);
  }, 0);
}

/** Reads bytes of one version of an object, all that were asked for. Throws CorruptParquet and InputChanged. */
export function sourceReader(
  store: ReadStore,
  source: SourceObject,
  onRead: () => void = () => {},
): ReadRange {
  return async (start, end) => {
    onRead();
    const bytes = await store.get(source.key, { range: [start, end], ifMatch: source.etag });
    if (bytes.length === end - start) return bytes;
    throw new CorruptParquet(`bytes ${start} to ${end} were asked for, ${bytes.length} bytes came`, {
      bucket: store.bucket,
      key: source.key,
    });
  };
}

/** Reads byte ranges of one version of an object, neighbours together; the answers are in the order of `ranges`. */
export async function readRanges(
  store: ReadStore,
  source: SourceObject,
  ranges: readonly { start: number; end: number }[],
): Promise<Uint8Array[]> {
  const order = ranges.map((range, i) => ({ ...range, i })).sort((a, b) => a.start - b.start);
  const requests: { start: number; end: number; members: typeof order }[] = [];
  for (const range of order) {
    const last = requests.at(-1);
    if (last !== undefined && range.start <= last.end + GAP_BYTES) {
      last.end = Math.max(last.end, range.end);
      last.members.push(range);
    } else {
      requests.push({ start: range.start, end: range.end, members: [range] });
    }
  }
  const read = sourceReader(store, source);
  const answers: Uint8Array[] = Array.from(ranges, () => new Uint8Array());
  await Promise.all(
    requests.map(async ({ start, end, members }) => {
      if (start === end) return;
      const bytes = await read(start, end);
      for (const member of members) {
        answers[member.i] = bytes.subarray(member.start - start, member.end - start);
      }
    }),
  );
  return answers;
}
