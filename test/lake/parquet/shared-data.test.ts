import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../lake/hash.ts';
import { isInvalidUtf8 } from '../../../lake/parquet/cells.ts';
import { textBytes } from '../../../lake/parquet/chunks.ts';
import { requireTextColumn } from '../../../lake/parquet/columns.ts';
import { readFooter } from '../../../lake/parquet/footer.ts';
import { sharedData } from '../../shared-data.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { allRows, stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

const corpus = sharedData('corpus');
const broken = sharedData('broken');

describe.skipIf(corpus === undefined)('the corpus', () => {
  // Rows, bytes of text, and the start of SHA-256 over the texts with | after each, as pyarrow reads them.
  test.each([
    ['gard', 2684, 7088412, '582fbac960a8'],
    ['ghr', 1086, 4635284, '2f51d1c07e4f'],
    ['cancergov', 116, 2594844, 'bc70a25c3d63'],
    ['ninds', 273, 717665, 'efe5f075b6b5'],
    ['mplus', 981, 873495, '07cb9eabc706'],
  ])('%s reads as pyarrow reads it', async (name, count, bytes, hash) => {
    const source = await stored(store, name, `${corpus}/${name}.parquet`);
    const { rows, footer } = await allRows(store, source, { columns: ['text'] });
    expect([footer.rows, rows.length]).toEqual([count, count]);
    expect(footer.rowGroups.reduce((sum, group) => sum + textBytes(footer, group, 'text'), 0)).toBe(bytes);
    expect(sha256(rows.map(({ text }) => `${text}|`).join('')).slice(0, 12)).toBe(hash);
  });
});

describe.skipIf(broken === undefined)('broken files', () => {
  const read = async (name: string) => {
    const source = await stored(store, name, `${broken}/${name}.parquet`);
    requireTextColumn(await readFooter(store, source), 'text');
    return (await allRows(store, source, { columns: ['text'] })).rows.map(({ text }) => text);
  };

  test.each([
    ['zero-bytes', /^this is not a Parquet file: it is empty/, 'CorruptParquet'],
    ['not-parquet', /an XML document .*SlowDown/, 'CorruptParquet'],
    ['truncated', /it was truncated \(224924 bytes/, 'CorruptParquet'],
    ['bit-rot', /^rows 0 to 63 cannot be decoded.*row group 0, row 0, column "text"/, 'CorruptParquet'],
    ['no-text-column', /no column "text"; the file has .*"body"/, 'SchemaMismatch'],
  ])('%s', async (name, message, error) => {
    const failure = await read(name).catch((cause) => cause);
    expect(failure.name).toBe(error);
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(`s3://test/${name}`);
  });

  test.each([
    ['no-rows', 0],
    ['null-and-blank-text', 6],
    ['duplicate-ids', 3],
    ['integer-ids', 2],
    ['no-id-column', 2],
    ['markers-in-text', 3],
    ['one-huge-document', 1],
  ])('%s is readable', async (name, rows) => {
    expect(await read(name)).toHaveLength(rows);
  });

  test('invalid UTF-8 is told from valid', async () => {
    const texts = await read('invalid-utf8');
    expect(texts.map(isInvalidUtf8)).toEqual([true, true, false]);
    expect(texts[2]).toBe('fine UTF-8 café');
  });
});
