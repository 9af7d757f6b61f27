import { parquetRead } from 'hyparquet';
import type { ReadStore } from '../store.ts';
import { PARSERS } from './cells.ts';
import { chunksOf, readRanges } from './chunks.ts';
import { DECOMPRESSORS } from './codecs.ts';
import type { Footer, RowGroup, SourceObject } from './footer.ts';
import type { PageValues } from './pages.ts';

/** A list, map or struct: hyparquet assembles it, for all wanted rows of the row group at once. */
export async function* nestedValues(
  store: ReadStore,
  source: SourceObject,
  footer: Footer,
  group: RowGroup,
  column: string,
  from: number,
  to: number,
): AsyncGenerator<PageValues, void> {
  chunksOf(footer, group, column);
  const file = {
    byteLength: footer.size,
    slice: async (start: number, end: number = footer.size): Promise<ArrayBuffer> => {
      const [bytes] = await readRanges(store, source, [{ start, end }]);
      return new Uint8Array(bytes ?? []).buffer;
    },
  };
  const values: unknown[] = [];
  await parquetRead({
    file,
    metadata: footer.metadata,
    columns: [column],
    rowStart: group.firstRow + from,
    rowEnd: group.firstRow + to,
    compressors: DECOMPRESSORS,
    parsers: PARSERS,
    geoparquet: false,
    onChunk: ({ columnData, rowStart }) => {
      const skip = Math.max(0, group.firstRow + from - rowStart);
      // A null list comes as undefined.
      for (let i = skip; i < columnData.length; i++) values.push(columnData[i] ?? null);
    },
  });
  yield { firstRow: from, values, bytes: 0 };
}
