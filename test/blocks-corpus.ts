import { readFooter } from '../lake/parquet/footer.ts';
import { mapPages } from '../lake/parquet/page-map.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { IngestSpec } from '../workflows/contract.ts';
import { pagedFile } from './paged-file.ts';
import { parquetjsFile } from './parquetjs-file.ts';
import { textSpec } from './pipeline.ts';

/** Row groups of several blocks: one in small pages, one of them damaged in its second block, and a file of parquetjs-lite. */
export const FILES = {
  plain: { key: 'raw/blocks/a.parquet', rows: 2300 },
  damaged: { key: 'raw/blocks/b.parquet', rows: 1500 },
  parquetjs: { key: 'raw/blocks/c.parquet', rows: 1300 },
};
/** Rows of `plain` without text, and rows of the others that say what a row of `plain` says. */
export const REJECTS = 23;
export const DUPLICATES = 100;

const plainText = (i: number): string =>
  `Entry ${i} is a disorder of the ${['heart', 'liver', 'skin', 'eye'][i % 4]}. It was first seen in ${1900 + (i % 90)}.`;

/** Puts the corpus. */
export async function putBlocks(store: ObjectStore): Promise<void> {
  const { plain, damaged, parquetjs } = FILES;
  const shape = { pageSize: 2000, offsetIndex: false, dictionary: false };
  const rows = Array.from({ length: plain.rows }, (_, i) => ({
    id: BigInt(i),
    text: i % 100 === 50 ? null : plainText(i),
  }));
  await store.put(plain.key, pagedFile(rows, { ...shape, rowGroupSize: plain.rows }));

  const others = Array.from({ length: damaged.rows }, (_, i) => ({
    id: null,
    text: `Damaged ${plainText(i)}`,
  }));
  const bytes = pagedFile(others, { ...shape, rowGroupSize: damaged.rows });
  await store.put(damaged.key, bytes);
  const source = { key: damaged.key, size: bytes.length, etag: (await store.head(damaged.key))?.etag ?? '' };
  const footer = await readFooter(store, source);
  const { map } = await mapPages(store, source, footer, footer.rowGroups[0]!, 'text', () => {});
  const [, , start, size] = map.pages.find(([first]) => first > 1200)!;
  await store.put(damaged.key, bytes.fill(0xff, start + Math.floor(size / 2), start + size));

  const copies = Array.from({ length: parquetjs.rows }, (_, i) => ({
    id: i,
    text: plainText(i < DUPLICATES ? i * 2 + 1 : 10_000 + i),
  }));
  const how = { compression: 'SNAPPY', rowGroupSize: 1100, useDataPageV2: false } as const;
  await store.put(parquetjs.key, await parquetjsFile(copies, how));
}

/** A run over it, cut into partitions of about so many bytes of text. */
export function blocksSpec(partitionBytes: number): IngestSpec {
  return textSpec('blocks', {
    input: { prefix: 'raw/blocks/', text: 'text', id: 'id', partitionBytes },
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: 0.02 },
    mix: {
      sources: [
        { from: 'raw', weight: 9 },
        { from: 'augmented', weight: 1 },
      ],
    },
    shards: { bytes: 100_000 },
    maxFailedFraction: 0.5,
  });
}
