import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { importPaths } from '../../../client/import/import.ts';
import { BadImport, BadUsage } from '../../../lake/errors.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';
import { allRows } from '../../lake/parquet/open.ts';

let store: DirectoryStore;
let folder: string;
beforeEach(async () => {
  store = await directoryStore();
  folder = await mkdtemp(join(tmpdir(), 'import-'));
});
afterEach(async () => {
  await store.remove();
  await rm(folder, { recursive: true });
});

const local = async (name: string, content: string | Uint8Array): Promise<string> => {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
};
const bring = (
  paths: string[],
  more: { to?: string; overwrite?: boolean; report?: (line: string) => void } = {},
) => importPaths({ store, paths, to: 'raw/biomed/', ...more });
const keys = async (): Promise<string[]> => {
  const found: string[] = [];
  for await (const { key } of store.list('')) found.push(key);
  return found;
};
const rowsOf = async (key: string) => {
  const info = await store.head(key);
  if (info === undefined) throw new Error(`${key} is not there`);
  const { rows, footer } = await allRows(store, { key, ...info });
  return { rows, kinds: footer.columns.map(({ name, kind }) => [name, kind]) };
};
const SMALL = parquetBytes([{ name: 'text', type: 'string', data: ['a', 'b', null] }]);

describe('import', () => {
  test('Parquet goes in byte for byte, and again is unchanged', async () => {
    const path = await local('part 1.parquet', SMALL);
    const [first] = await bring([path]);
    expect(first).toMatchObject({ rows: 3, bytes: SMALL.length, state: 'written' });
    expect(first?.key).toMatch(/^raw\/biomed\/part-1-[0-9a-f]{8}\.parquet$/);
    expect(await store.find(first?.key ?? '')).toEqual(Buffer.from(SMALL));
    expect(await bring([path])).toEqual([{ ...first, state: 'unchanged' }]);
  });

  test('other content under the same key is refused unless asked for', async () => {
    const path = await local('a.parquet', SMALL);
    await bring([path]);
    const other = parquetBytes([{ name: 'text', type: 'string', data: ['a', 'c', null] }]);
    expect(other.length).toBe(SMALL.length);
    await writeFile(path, other);
    await expect(bring([path])).rejects.toThrow(
      /raw\/biomed\/a\.parquet is in the lake with other content; --overwrite/,
    );
    expect(await store.find('raw/biomed/a.parquet')).toEqual(Buffer.from(SMALL));
    expect(await bring([path], { overwrite: true })).toMatchObject([{ state: 'written' }]);
    expect(await store.find('raw/biomed/a.parquet')).toEqual(Buffer.from(other));
  });

  test('folders go in sorted with their folders; other files are named and left out', async () => {
    await local('in/b/lang=en/2.jsonl', '{"text":"x"}\n');
    await local('in/b/1.ndjson', '{"text":"x"}\n');
    await local('in/a.parquet', SMALL);
    await local('in/_SUCCESS', '');
    await local('in/.hidden.jsonl', '{');
    const lines: string[] = [];
    const imported = await bring([join(folder, 'in')], { report: (line) => lines.push(line) });
    expect(imported.map(({ key }) => key)).toEqual([
      'raw/biomed/a.parquet',
      'raw/biomed/b/1.parquet',
      'raw/biomed/b/lang=en/2.parquet',
    ]);
    expect(lines.filter((line) => line.startsWith('skipped'))).toEqual([
      `skipped ${join(folder, 'in/_SUCCESS')}: not Parquet or JSONL`,
    ]);
  });

  test('JSONL becomes columns of the types its values have', async () => {
    const path = await local(
      'a.jsonl.gz',
      gzipSync(
        [
          '\ufeff{"id": 9007199254740993, "text": "one", "score": 1, "ok": true, "tags": ["a"], "mixed": "m"}\r',
          '',
          '{"id": -5, "text": "zwei \\u00e9\\ud83d\\ude00 1234567890123456789", "score": 0.5, "mixed": 7, "late": null}',
          '{"id": null, "text": null, "ok": false, "tags": {"n": 12345678901234567890}, "mixed": [true]}',
        ].join('\n'),
      ),
    );
    expect(await bring([path])).toMatchObject([{ key: 'raw/biomed/a.parquet', rows: 3 }]);
    const { rows, kinds } = await rowsOf('raw/biomed/a.parquet');
    expect(kinds).toEqual([
      ['id', 'integer'],
      ['text', 'text'],
      ['score', 'float'],
      ['ok', 'boolean'],
      ['tags', 'text'],
      ['mixed', 'text'],
      ['late', 'text'],
    ]);
    expect(rows).toEqual([
      { id: 9007199254740993n, text: 'one', score: 1, ok: true, tags: '["a"]', mixed: 'm', late: null },
      {
        id: -5n,
        text: 'zwei é😀 1234567890123456789',
        score: 0.5,
        ok: null,
        tags: null,
        mixed: '7',
        late: null,
      },
      {
        id: null,
        text: null,
        score: null,
        ok: false,
        tags: '{"n":12345678901234567890}',
        mixed: '[true]',
        late: null,
      },
    ]);
    expect(await bring([path])).toMatchObject([{ state: 'unchanged' }]);
  });

  test('whole numbers beyond 64 bits, and big ones among fractions, keep their digits as text', async () => {
    const path = await local(
      'a.jsonl',
      '{"id":123456789012345678901,"x":9007199254740993}\n{"id":1,"x":0.5}\n',
    );
    await bring([path]);
    expect((await rowsOf('raw/biomed/a.parquet')).rows).toEqual([
      { id: '123456789012345678901', x: '9007199254740993' },
      { id: '1', x: '0.5' },
    ]);
  });

  test('a key that appears late is a column like the others', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) =>
      JSON.stringify(i < 2999 ? { text: `t${i}` } : { url: 'u' }),
    );
    await bring([await local('a.jsonl', lines.join('\n'))]);
    const { rows } = await rowsOf('raw/biomed/a.parquet');
    expect(rows).toHaveLength(3000);
    expect(rows[0]).toEqual({ text: 't0', url: null });
    expect(rows.at(-1)).toEqual({ text: null, url: 'u' });
  });

  test.each([
    ['bad.jsonl', '{"text":"a"}\n\n{"text":\n', /bad\.jsonl, line 3: not JSON/],
    ['list.jsonl', '[1]\n', /list\.jsonl, line 1: a JSON object was expected/],
    [
      'latin.jsonl',
      Buffer.from('{"text":"a"}\n{"text":"caf\xe9"}\n', 'latin1'),
      /latin\.jsonl, line 2: .*not UTF-8/,
    ],
    ['cut.jsonl.gz', gzipSync('{"text":"a"}\n').subarray(0, 20), /cut\.jsonl\.gz: it cannot be unpacked/],
    ['empty.jsonl', '\n', /empty\.jsonl: there are no records/],
    ['keyless.jsonl', '{}\n', /keyless\.jsonl: its records have no keys/],
    ['x.parquet', '<html></html>', /x\.parquet: this is not a Parquet file but an HTML page/],
    ['none.parquet', '', /none\.parquet: .*empty/],
    ['x.csv', 'a,b\n', /x\.csv: only \.parquet/],
  ])('%s is refused, and nothing is written', async (name, content, message) => {
    const good = await local('good.parquet', SMALL);
    const failure = await bring([good, await local(name, content)]).catch((error) => error);
    expect(failure).toBeInstanceOf(BadImport);
    expect(failure.message).toMatch(message);
    expect(await keys()).toEqual([]);
  });

  test('all bad files are named at once', async () => {
    const paths = [
      await local('a.jsonl', '{'),
      await local('b.parquet', 'x'),
      await local('c.parquet', SMALL),
    ];
    await expect(bring(paths)).rejects.toThrow(/^2 files:\n.*a\.jsonl, line 1.*\n.*b\.parquet/);
  });

  test('two files never become one object', async () => {
    const paths = [await local('a.jsonl', '{"text":"x"}'), await local('a.parquet', SMALL)];
    await expect(bring(paths)).rejects.toThrow(
      /a\.jsonl and .*a\.parquet would both become raw\/biomed\/a\.parquet/,
    );
  });

  test('a path that is not there', async () => {
    await expect(bring([join(folder, 'nowhere')])).rejects.toThrow(BadImport);
    await expect(bring([folder])).rejects.toThrow(/no \.parquet, \.jsonl/);
    await expect(bring([])).rejects.toThrow(BadUsage);
  });
});
