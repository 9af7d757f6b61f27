import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CorruptParquet } from '../../../lake/errors.ts';
import { chunksOf } from '../../../lake/parquet/chunks.ts';
import { type Footer, readFooter, type SourceObject } from '../../../lake/parquet/footer.ts';
import { mapPages, type PageMap } from '../../../lake/parquet/page-map.ts';
import { openWindow, WINDOW_BYTES } from '../../../lake/parquet/window.ts';
import { pagedFile } from '../../paged-file.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { allRows, stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

/** The page maps of all row groups of the flat columns named. */
async function mapsOf(source: SourceObject, footer: Footer, columns: readonly string[]): Promise<PageMap[]> {
  const maps = footer.rowGroups.flatMap((group) =>
    columns.map((column) => mapPages(store, source, footer, group, column, () => {})),
  );
  return (await Promise.all(maps)).map(({ map }) => map);
}

test('whatever its pages and row groups, any rows of a file are the same, by a map of its pages and without', async () => {
  const row = fc.record({
    id: fc.option(fc.bigInt({ min: 0n, max: 9n }), { freq: 5 }),
    text: fc.option(fc.string({ unit: 'grapheme', maxLength: 12 }), { freq: 5 }),
  });
  const shape = fc.record({
    pageSize: fc.integer({ min: 1, max: 300 }),
    rowGroupSize: fc.integer({ min: 1, max: 60 }),
    offsetIndex: fc.boolean(),
    dictionary: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 60 }),
      shape,
      fc.nat(60),
      fc.nat(60),
      async (rows, how, rowStart, rowEnd) => {
        const source = await stored(store, 'paged', pagedFile(rows, how));
        const footer = await readFooter(store, source);
        const maps = await mapsOf(source, footer, ['id', 'text']);
        const wanted = rows.slice(rowStart, rowEnd);
        expect((await allRows(store, source, { rowStart, rowEnd })).rows).toEqual(wanted);
        expect((await allRows(store, source, { rowStart, rowEnd, maps })).rows).toEqual(wanted);
      },
    ),
    { numRuns: 150 },
  );
});

describe('files of pyarrow', () => {
  const FOLDER = fileURLToPath(new URL('../../fixtures/pages/', import.meta.url));
  // As test/fixtures/pages/make.py writes them.
  const text = (i: number): string | null =>
    i % 13 === 0 ? null : `${i % 700} é ${'word '.repeat((i * 7) % 9)}`;
  const tags = (i: number): string[] | null =>
    i % 5 === 0 ? null : Array.from({ length: i % 4 }, () => `t${i % 3}`);
  const small = (i: number): number => i * 3 - 50;
  const large = (i: number): bigint => 2n ** 63n + BigInt(i);

  test.each([
    ['fallback', 2600, small],
    ['v2', 2600, small],
    ['v1-index', 2600, small],
    ['v2-index', 2600, small],
    ['large-string', 2600, large],
    ['int64-delta', 2600, (i: number) => BigInt(small(i))],
    ['one-row', 12, small],
  ])('%s: flat columns between nested ones, whole and from any page on', async (name, count, id) => {
    const source = await stored(store, name, `${FOLDER}${name}.parquet`);
    const rows = Array.from({ length: count }, (_, i) => ({
      id: i % 17 === 0 ? null : id(i),
      text: text(i),
    }));
    const all = await allRows(store, source);
    expect(all.rows.map((row) => ({ id: row.id, text: row.text }))).toEqual(rows);
    expect(all.rows.map((row) => row.tags)).toEqual(rows.map((_, i) => tags(i)));

    const columns = ['id', 'text'];
    const maps = await mapsOf(source, all.footer, columns);
    if (count > 100) {
      for (const { pages } of maps.filter(({ column }) => column === 'text'))
        expect(pages.length).toBeGreaterThan(3);
    }
    await fc.assert(
      fc.asyncProperty(fc.nat(count), fc.nat(count), async (rowStart, rowEnd) => {
        const some = await allRows(store, source, { columns, rowStart, rowEnd, maps });
        expect(some.rows).toEqual(rows.slice(rowStart, rowEnd));
      }),
      { numRuns: 25 },
    );
  });

  test.each(['v1-index', 'v2-index'])(
    '%s: the offset index says what a walk over the pages finds',
    async (name) => {
      const source = await stored(store, name, `${FOLDER}${name}.parquet`);
      const footer = await readFooter(store, source);
      store.gets.length = 0;
      const indexed = await mapsOf(source, footer, ['id', 'text']);
      expect(store.gets).toHaveLength(2);
      for (const group of footer.metadata.row_groups)
        for (const chunk of group.columns) chunk.offset_index_length = 0;
      expect(await mapsOf(source, footer, ['id', 'text'])).toEqual(indexed);
    },
  );

  test('an offset index that contradicts the footer is not believed', async () => {
    const bytes = new Uint8Array(readFileSync(`${FOLDER}v1-index.parquet`));
    const source = await stored(store, 'lying', bytes);
    const footer = await readFooter(store, source);
    const truth = await mapsOf(source, footer, ['text']);
    for (const chunk of footer.metadata.row_groups[0]?.columns ?? []) {
      // That of another column.
      const other = footer.metadata.row_groups[0]?.columns[2];
      if (other?.offset_index_offset !== undefined) chunk.offset_index_offset = other.offset_index_offset;
      if (other?.offset_index_length !== undefined) chunk.offset_index_length = other.offset_index_length;
    }
    expect(await mapsOf(source, footer, ['text'])).toEqual(truth);
  });

  test('a map that is not that of the pages is noticed', async () => {
    const source = await stored(store, 'v2', `${FOLDER}v2.parquet`);
    const footer = await readFooter(store, source);
    const maps = await mapsOf(source, footer, ['text']);
    const page = maps[0]?.pages[8];
    if (page !== undefined) page[1] -= 1;
    await expect(allRows(store, source, { columns: ['text'], maps })).rejects.toThrow(
      /were noted .*row group 0/,
    );
  });

  test('a walk over damaged pages is CorruptParquet with row group and rows', async () => {
    const bytes = new Uint8Array(readFileSync(`${FOLDER}v2.parquet`));
    const clean = await stored(store, 'clean', bytes);
    const footer = await readFooter(store, clean);
    const [map] = await mapsOf(clean, footer, ['text']);
    const [firstRow = 0, , start = 0] = map?.pages[20] ?? [];
    const source = await stored(store, 'walked', bytes.fill(0xff, start, start + 30));
    const failure = await mapsOf(source, footer, ['text']).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CorruptParquet);
    expect(String(failure)).toMatch(
      new RegExp(`rows ${firstRow} to 2599 cannot .*row group 0, row ${firstRow}, column "text"`),
    );
  });
});

describe('what is fetched', () => {
  test('a large chunk comes in bounded requests, each byte once, and a large block in batches', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({
      id: null,
      text: `${i} `.repeat(80_000) + Math.sin(i),
    }));
    const shape = { pageSize: 500_000, rowGroupSize: 100, offsetIndex: false, dictionary: false };
    const source = await stored(store, 'large', pagedFile(rows, shape));
    store.gets.length = 0;
    const all = await allRows(store, source, { columns: ['text'] });
    expect(all.rows).toEqual(rows.map(({ text }) => ({ text })));
    const [place] = chunksOf(all.footer, all.footer.rowGroups[0]!, 'text');
    const [, ...reads] = store.gets;
    expect(Math.max(...reads.map((get) => get.bytes))).toBeLessThanOrEqual(WINDOW_BYTES);
    expect(reads.reduce((sum, get) => sum + get.bytes, 0)).toBe((place?.end ?? 0) - (place?.start ?? 0));
    expect(all.batches.length).toBeGreaterThan(1);
  });

  test('by a map: the pages of the wanted rows and the dictionary alone', async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => ({
      id: BigInt(i),
      text: `${i % 900} ${'x'.repeat(i % 50)}`,
    }));
    for (const dictionary of [true, false]) {
      const file = pagedFile(rows, { pageSize: 400, rowGroupSize: 4000, offsetIndex: false, dictionary });
      const source = await stored(store, 'mapped', file);
      const footer = await readFooter(store, source);
      const maps = await mapsOf(source, footer, ['text']);
      store.gets.length = 0;
      const some = await allRows(store, source, { columns: ['text'], rowStart: 3000, rowEnd: 3010, maps });
      expect(some.rows).toEqual(rows.slice(3000, 3010).map(({ text }) => ({ text })));
      const [, ...read] = store.gets;
      const map = maps[0] as PageMap;
      const own = map.pages.filter(([first, count]) => first < 3010 && first + count > 3000);
      const dictionaryBytes = map.dictionary === null ? 0 : map.dictionary[1] - map.dictionary[0];
      const wanted = dictionaryBytes + own.reduce((sum, [, , , size]) => sum + size, 0);
      const bytes = read.reduce((sum, get) => sum + get.bytes, 0);
      // The dictionary and pages close behind it come in one request, with what lies between.
      if (dictionary) expect(bytes).toBeLessThan(wanted + 8192);
      else expect(bytes).toBe(wanted);
    }
  });

  test('a page larger than the window, and headers with long statistics', async () => {
    // The writer puts smallest and largest value of a page into its header, uncut where it is told so.
    const writer = new ByteWriter();
    const parquet = new ParquetWriter({
      writer,
      schema: [
        { name: 'schema', num_children: 1 },
        { name: 'text', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
      ],
      codec: 'UNCOMPRESSED',
      statisticsTruncateLength: Number.POSITIVE_INFINITY,
    });
    const data = ['b', 'a', 'c'].map((letter) => letter.repeat(3 * 2 ** 20));
    void parquet.write({
      columnData: [{ name: 'text', data, encoding: 'PLAIN', columnIndex: true }],
      pageSize: 2 ** 30,
    });
    void parquet.finish();
    const source = await stored(store, 'huge', new Uint8Array(writer.getBytes()));
    const { rows, footer } = await allRows(store, source);
    expect(rows.map(({ text }) => String(text).length)).toEqual(data.map(({ length }) => length));
    const [map] = await mapsOf(source, footer, ['text']);
    expect(map?.pages[0]?.slice(0, 2)).toEqual([0, 3]);
  });
});

test('a window gives the bytes of its range, whatever is asked for', async () => {
  const bytes = Uint8Array.from({ length: 500 }, (_, i) => i % 251);
  const step = fc.oneof(
    fc.record({ peek: fc.nat(80) }),
    fc.record({ take: fc.nat(80) }),
    fc.record({ skip: fc.nat(80) }),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(step),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      fc.nat(40),
      async (steps, size, ahead, known) => {
        const read = async (start: number, end: number): Promise<Uint8Array> => bytes.slice(start, end);
        const window = openWindow(read, 10, 490, { step: size, ahead, held: bytes.slice(10, 10 + known) });
        let at = 10;
        for (const each of steps) {
          if ('peek' in each) {
            expect([...(await window.peek(each.peek))]).toEqual([
              ...bytes.slice(at, Math.min(490, at + each.peek)),
            ]);
          } else if ('take' in each) {
            if (at + each.take > 490) {
              await expect(window.take(each.take)).rejects.toThrow(RangeError);
              continue;
            }
            expect([...(await window.take(each.take))]).toEqual([...bytes.slice(at, at + each.take)]);
            at += each.take;
          } else if (at + each.skip <= 490) {
            window.skip(each.skip);
            at += each.skip;
          }
          expect(window.position).toBe(at);
        }
      },
    ),
  );
});
