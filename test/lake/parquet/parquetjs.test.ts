import { afterAll, beforeAll, expect, test } from 'vitest';
import { mapPages } from '../../../lake/parquet/page-map.ts';
import { parquetjsFile } from '../../parquetjs-file.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { allRows, stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

test.each([
  ['GZIP', true],
  ['SNAPPY', true],
  ['SNAPPY', false],
  ['GZIP', false],
  ['UNCOMPRESSED', true],
] as const)('files of parquetjs-lite are read: %s, pages v2 %s', async (compression, useDataPageV2) => {
  const rows = Array.from({ length: 2500 }, (_, i) => ({
    id: i,
    text: i % 7 === 3 ? null : `${'passage '.repeat(i % 30)}é ${i}`,
  }));
  const how = { compression, rowGroupSize: 1100, useDataPageV2 };
  const source = await stored(store, 'parquetjs', await parquetjsFile(rows, how));
  const wanted = rows.map(({ id, text }) => ({ id: BigInt(id), text }));
  const all = await allRows(store, source);
  expect(all.footer.rowGroups.map((group) => group.rows)).toEqual([1100, 1100, 300]);
  expect(all.rows).toEqual(wanted);
  const maps = await Promise.all(
    all.footer.rowGroups.map((group) => mapPages(store, source, all.footer, group, 'text', () => {})),
  );
  const some = await allRows(store, source, {
    columns: ['text'],
    rowStart: 1024,
    rowEnd: 2124,
    maps: maps.map(({ map }) => map),
  });
  expect(some.rows).toEqual(wanted.slice(1024, 2124).map(({ text }) => ({ text })));
});
