// tier: ci — of wide files only the named columns are fetched; one row group, however it is cut, gives the same objects; parquetjs-lite's files are read
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { openStack } from '../../client/stack/stack.ts';
import { chunksOf } from '../../lake/parquet/chunks.ts';
import { readFooter } from '../../lake/parquet/footer.ts';
import { mapPages } from '../../lake/parquet/page-map.ts';
import { readRows } from '../../lake/parquet/rows.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { openS3 } from '../../lake/s3.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { blocksSpec, FILES, putBlocks } from '../blocks-corpus.ts';
import { canonical, commitsOf, openPipeline } from '../pipeline.ts';
import { must, ROOT, scratch } from './lib.ts';

const stack = await openStack({
  state: scratch('pages'),
  report: console.log,
  ports: 'random',
  database: 'memory',
});
const { temporal, namespace, s3 } = stack.settings;
const connection = await Connection.connect({ address: temporal });
const lab = {
  address: temporal,
  namespace,
  client: new Client({ connection, namespace }),
  s3,
  bundle: readFileSync(join(ROOT, 'dist', 'workflows.bundle.js'), 'utf8'),
  close: () => connection.close(),
};
const store = openS3(s3);
try {
  await wideFile();
  await ownPages();
  await waysToCut();
} finally {
  store.close();
  await stack.close();
}

/** The store, noting what is asked of it. */
function counted(): { store: ObjectStore; gets: { start: number; end: number }[] } {
  const gets: { start: number; end: number }[] = [];
  return {
    gets,
    store: {
      ...store,
      get(key, options) {
        const [start, end] = options?.range ?? [0, 0];
        gets.push({ start, end });
        return store.get(key, options);
      },
    },
  };
}
function bytesOf(gets: readonly { start: number; end: number }[]): number {
  return gets.reduce((sum, { start, end }) => sum + end - start, 0);
}

async function wideFile(): Promise<void> {
  const data = Array.from({ length: 2000 }, (_, i) => `${i} ${'x'.repeat((i * 7) % 90)}${Math.sin(i)}`);
  const names = Array.from({ length: 200 }, (_, i) => `column ${i}`);
  const key = 'raw/wide.parquet';
  await store.put(key, parquetBytes(names.map((name) => ({ name, type: 'string', data }))));
  const source = { key, ...(await store.head(key))! };
  const seen = counted();
  const footer = await readFooter(seen.store, source);
  const tail = bytesOf(seen.gets);
  must(
    seen.gets.length <= 2,
    `the footer of ${names.length} columns: ${seen.gets.length} requests, ${tail} bytes`,
  );
  seen.gets.length = 0;
  const columns = ['column 3', 'column 4', 'column 150'];
  let rows = 0;
  for await (const batch of readRows(seen.store, source, footer, { columns })) rows += batch.rows.length;
  const named = footer.rowGroups.flatMap((group) => columns.flatMap((name) => chunksOf(footer, group, name)));
  must(rows === data.length, `${rows} rows of three columns of it are read`);
  must(
    bytesOf(seen.gets) === bytesOf(named),
    `that fetched the ${bytesOf(named)} bytes of these columns, of ${source.size}, and no other`,
  );
  must(
    seen.gets.length === 2 * footer.rowGroups.length,
    `in ${seen.gets.length} requests: two for each of ${footer.rowGroups.length} row groups, since two of the columns are neighbours`,
  );
}

async function ownPages(): Promise<void> {
  await putBlocks(store);
  const { key, rows } = FILES.plain;
  const source = { key, ...(await store.head(key))! };
  const footer = await readFooter(store, source);
  const { map } = await mapPages(store, source, footer, footer.rowGroups[0]!, 'text', () => {});
  const all = map.pages.reduce((sum, page) => sum + page[3], 0);
  const seen = counted();
  const wanted = { columns: ['text'], rowStart: 1024, rowEnd: 2048, maps: [map] };
  let count = 0;
  for await (const batch of readRows(seen.store, source, footer, wanted)) count += batch.rows.length;
  must(count === 1024, 'the second block of a row group is read by a map of its pages');
  const share = bytesOf(seen.gets) / all;
  must(
    share < 0.5 && seen.gets.length === 1,
    `that fetched ${(100 * share).toFixed(0)} % of the column's pages for ${((100 * count) / rows).toFixed(0)} % of the rows, in one request`,
  );
}

async function waysToCut(): Promise<void> {
  const pipeline = await openPipeline(lab);
  try {
    await pipeline.work();
    const found: string[] = [];
    for (const [run, bytes] of [
      ['blocks', 1_024],
      ['whole', 2 ** 30],
    ] as const) {
      await pipeline.runIngest(blocksSpec(bytes), run);
      const scans = await commitsOf(store, { domain: 'blocks', run }, 'scan');
      const texts = scans.reduce((sum, { counts }) => sum + (counts.texts ?? 0), 0);
      must(run === 'whole' ? scans.length === 1 : scans.length >= 6, `${run}: ${scans.length} partitions`);
      must(
        run === 'blocks' || texts === FILES.plain.rows - 23 + FILES.parquetjs.rows,
        `${run}: ${texts} texts, those of parquetjs-lite among them, and none of the source that fails in its middle`,
      );
      found.push(JSON.stringify(await canonical(store, { domain: 'blocks', run })));
    }
    must(found[0] === found[1], 'manifest.core.json and every shard are the same, byte by byte');
  } finally {
    await pipeline.close();
  }
}
