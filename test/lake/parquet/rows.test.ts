import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CorruptParquet, InputChanged } from '../../../lake/errors.ts';
import { chunksOf, textBytes } from '../../../lake/parquet/chunks.ts';
import { readFooter } from '../../../lake/parquet/footer.ts';
import { readRows } from '../../../lake/parquet/rows.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { CHECKSUMMED, CHECKSUMMED_ROWS } from './fixture.ts';
import { allRows, stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

describe('rows', () => {
  test('come with nulls, 64-bit integers, exact times and lists', async () => {
    const { rows, footer } = await allRows(store, await stored(store, 'a', CHECKSUMMED));
    expect(rows).toEqual(CHECKSUMMED_ROWS);
    expect(footer.rowGroups).toEqual([
      { index: 0, firstRow: 0, rows: 4 },
      { index: 1, firstRow: 4, rows: 2 },
    ]);
    expect(footer.columns.map(({ name, kind }) => [name, kind])).toEqual([
      ['id', 'integer'],
      ['text', 'text'],
      ['when', 'time'],
      ['tags', 'list'],
    ]);
    expect(footer.rowGroups.map((group) => textBytes(footer, group, 'text'))).toEqual([12, 7]);
  });

  test('no damage to a page goes unnoticed where pages have checksums', async () => {
    const good = await allRows(store, await stored(store, 'a', CHECKSUMMED));
    const pagesEnd = good.footer.size - good.footer.metadata.metadata_length - 8;
    const columns = ['id', 'text', 'when'];
    let noticed = 0;
    for (let at = 4; at < pagesEnd; at++) {
      const flip = [0x01, 0x80, 0xff][at % 3] ?? 1;
      const bytes = Uint8Array.from(CHECKSUMMED, (byte, i) => (i === at ? byte ^ flip : byte));
      const source = await stored(store, 'b', bytes);
      const outcome = await allRows(store, source, { columns }).catch((error: unknown) => error);
      if (outcome instanceof CorruptParquet) {
        noticed += 1;
        expect(outcome.message).toMatch(/rows \d+ to \d+ cannot be .*s3:\/\/test\/b, row group [01], row /);
      } else {
        const expected = CHECKSUMMED_ROWS.map(({ id, text, when }) => ({ id, text, when }));
        expect(outcome, `byte ${at} ^ ${flip}`).toMatchObject({ rows: expected });
      }
    }
    expect(noticed).toBeGreaterThan(300);
  }, 30_000);

  test('any range of rows equals that slice, in batches that end at blocks', async () => {
    const texts = Array.from({ length: 5000 }, (_, i) => (i % 17 === 0 ? null : `text ${i}`));
    const bytes = parquetBytes([{ name: 'text', type: 'string', data: texts }], { rowGroupBytes: 25_000 });
    const source = await stored(store, 'c', bytes);
    const footer = await readFooter(store, source);
    expect(footer.rowGroups.length).toBe(2);
    const starts = footer.rowGroups.map(({ firstRow }) => firstRow);
    await fc.assert(
      fc.asyncProperty(fc.nat(5200), fc.nat(5200), async (rowStart, rowEnd) => {
        const { rows, batches } = await allRows(store, source, { columns: ['text'], rowStart, rowEnd });
        expect(rows.map(({ text }) => text)).toEqual(texts.slice(rowStart, rowEnd));
        for (const [first, count] of batches) {
          const group = starts.findLast((start) => start <= first) ?? 0;
          expect(Math.floor((first - group) / 1024)).toBe(Math.floor((first + count - 1 - group) / 1024));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('only the named columns are fetched, and neighbours in one request', async () => {
    const data = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat((i * 7) % 90)}`);
    const names = Array.from({ length: 200 }, (_, i) => `column ${i}`);
    const bytes = parquetBytes(names.map((name) => ({ name, type: 'string', data })));
    const source = await stored(store, 'wide', bytes);
    const footer = await readFooter(store, source);
    store.gets.length = 0;
    const columns = ['column 3', 'column 4', 'column 150'];
    for await (const { rows } of readRows(store, source, footer, { columns })) {
      expect(Object.keys(rows[0] ?? {})).toEqual(columns);
    }
    const [group] = footer.rowGroups;
    if (group === undefined) throw new Error('no row group');
    const places = columns.flatMap((name) => chunksOf(footer, group, name));
    expect(store.gets.length).toBe(2);
    expect(store.gets.reduce((sum, get) => sum + get.bytes, 0)).toBe(
      places.reduce((sum, { start, end }) => sum + end - start, 0),
    );
  });

  test('an object that was replaced is noticed', async () => {
    const source = await stored(store, 'd', CHECKSUMMED);
    const footer = await readFooter(store, source);
    await store.put('d', CHECKSUMMED.slice(1));
    await expect(readRows(store, source, footer, { columns: ['text'] }).next()).rejects.toThrow(InputChanged);
    await expect(readFooter(store, source)).rejects.toThrow(InputChanged);
  });
});
