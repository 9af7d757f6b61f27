import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importPaths } from '../../../client/import/import.ts';
import { BadImport, BadUsage } from '../../../lake/errors.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';
import { allRows } from '../../lake/parquet/open.ts';
import { nestedPairs } from '../../nested-pairs.ts';

let store: DirectoryStore;
let folder: string;
beforeEach(async () => {
  store = await directoryStore();
  folder = await mkdtemp(join(tmpdir(), 'import-pairs-'));
});
afterEach(async () => {
  await store.remove();
  await rm(folder, { recursive: true });
});

async function bring(name: string, content: string | Uint8Array, lines: string[] = []) {
  const path = join(folder, name);
  await writeFile(path, content);
  const report = (line: string): void => void lines.push(line);
  return importPaths({ store, paths: [path], to: 'pairs/biomed/', pairs: true, report });
}
async function rowsOf(key: string) {
  const info = await store.head(key);
  if (info === undefined) throw new Error(`${key} is not there`);
  return (await allRows(store, { key, ...info })).rows;
}
const QA = [
  { Q: 'Why?', A: 'So.' },
  { Q: ' How? ', A: 'Thus.' },
];
const OURS = '[{"question":"Why?","answer":"So."},{"question":"How?","answer":"Thus."}]';

test('JSONL of context and QA_list becomes our columns, and again is unchanged', async () => {
  const lines = [
    { context: 'One.', QA_list: QA, QA_type: 'free', rc_name: 'x', id: 7 },
    { context: 'Two.', QA_list: [{ Q: 'Why?', A: '' }, 3], title: 'T' },
    { context: 'Three.' },
  ];
  const said: string[] = [];
  const jsonl = lines.map((line) => JSON.stringify(line)).join('\n');
  const [first] = await bring('a.jsonl', jsonl, said);
  expect(first).toMatchObject({ key: 'pairs/biomed/a.parquet', rows: 3, pairs: 2, state: 'written' });
  expect(said[0]).toContain('3 rows, 2 pairs; no pairs: 1 emptyAnswer, 1 unreadable');
  expect(await rowsOf('pairs/biomed/a.parquet')).toEqual([
    { id: '7', title: null, context: 'One.', pairs: OURS },
    { id: null, title: 'T', context: 'Two.', pairs: '[{"Q":"Why?","A":""},3]' },
    { id: null, title: null, context: 'Three.', pairs: null },
  ]);
  expect(await bring('a.jsonl', jsonl)).toMatchObject([{ state: 'unchanged' }]);
  expect(await bring('b.jsonl.gz', gzipSync(jsonl))).toMatchObject([{ rows: 3, pairs: 2 }]);
});

test('Parquet: lists of structs, JSON, and our own form, which stays as it is', async () => {
  await bring('nested.parquet', nestedPairs(['One.', 'Two.'], [QA, []]));
  expect(await rowsOf('pairs/biomed/nested.parquet')).toEqual([
    { id: null, title: null, context: 'One.', pairs: OURS },
    { id: null, title: null, context: 'Two.', pairs: '[]' },
  ]);
  const own = parquetBytes([
    { name: 'id', type: 'string', data: ['i'] },
    { name: 'title', type: 'string', data: [null] },
    { name: 'context', type: 'string', data: ['One.'] },
    { name: 'pairs', type: 'string', data: [OURS] },
  ]);
  await bring('own.parquet', own);
  expect(await store.find('pairs/biomed/own.parquet')).toEqual(Buffer.from(own));
});

test.each<[string, string | Uint8Array, RegExp]>([
  ['a.jsonl', '{"text": "One."}', /no record has "context"/],
  ['a.jsonl', '{"context": "One."}', /not one pair/],
  ['a.jsonl', '{"context": 5, "QA_list": []}', /line 1: context is no text/],
  ['a.jsonl', 'x', /line 1: not JSON/],
  [
    'a.parquet',
    parquetBytes([{ name: 'text', type: 'string', data: ['a'] }]),
    /pairs need "context" and "pairs" or "QA_list"; it has "text"/,
  ],
  ['a.parquet', 'no Parquet', /not a Parquet file/],
])('%s that is none is refused with its name and why', async (name, content, why) => {
  await expect(bring(name, content)).rejects.toThrow(BadImport);
  await expect(bring(name, content)).rejects.toThrow(why);
});

test('pairs go to a folder of their own', async () => {
  const request = { store, paths: ['x'], to: 'raw/biomed/', pairs: true };
  await expect(importPaths(request)).rejects.toThrow(BadUsage);
  await expect(importPaths(request)).rejects.toThrow('must begin with pairs/');
});
