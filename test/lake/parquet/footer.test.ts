import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CorruptParquet, SchemaMismatch } from '../../../lake/errors.ts';
import { byNearness } from '../../../lake/nearest.ts';
import { requireColumn, requireIdColumn, requireTextColumn } from '../../../lake/parquet/columns.ts';
import { readFooter } from '../../../lake/parquet/footer.ts';
import { parquetBytes } from '../../../lake/parquet/write.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { CHECKSUMMED } from './fixture.ts';
import { stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

describe('footer', () => {
  const cut = CHECKSUMMED.slice(0, 900);
  const huge = Uint8Array.from(CHECKSUMMED);
  huge.set([0xff, 0xff, 0xff, 0x7f], huge.length - 8);
  const encrypted = Uint8Array.from(CHECKSUMMED);
  encrypted.set(Buffer.from('PARE'), encrypted.length - 4);
  const damaged = Uint8Array.from(CHECKSUMMED).fill(0x3c, 1100, 1120);

  test.each([
    ['nothing', new Uint8Array(), /it is empty \(0 bytes\)/],
    [
      'an XML body',
      Buffer.from('<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>'),
      /an XML document \("<\?xml.*SlowDown/,
    ],
    ['a page', Buffer.from('\n<!DOCTYPE html><html></html>'), /an HTML page/],
    ['JSON', Buffer.from('{"id": 1}\n{"id": 2}\n'), /but JSON/],
    ['gzip', gzipSync('hello'), /a gzip file/],
    ['noise', Buffer.alloc(50, 7), /neither starts nor ends with PAR1/],
    ['the magic alone', Buffer.from('PAR1PAR1'), /truncated \(8 bytes are there\)/],
    ['a cut file', cut, /its footer is missing; it was truncated \(900 bytes/],
    ['a wrong footer length', huge, /claims 2147483647 bytes in a file of 1564/],
    ['an encrypted footer', encrypted, /encrypted/],
    ['a damaged footer', damaged, /the footer cannot be read/],
  ])('%s is CorruptParquet and says why', async (_, bytes, message) => {
    const failure = await readFooter(store, await stored(store, 'raw/x.parquet', bytes)).catch(
      (error) => error,
    );
    expect(failure).toBeInstanceOf(CorruptParquet);
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain('s3://test/raw/x.parquet');
  });

  test('costs one request, and two where it is long', async () => {
    const small = await stored(store, 'small', CHECKSUMMED);
    store.gets.length = 0;
    await readFooter(store, small);
    expect(store.gets.length).toBe(1);
    const columns = Array.from({ length: 3000 }, (_, i) => ({
      name: `a column with a rather long name, number ${i}`,
      type: 'string' as const,
      data: ['x'],
    }));
    const long = await stored(store, 'long', parquetBytes(columns));
    store.gets.length = 0;
    const footer = await readFooter(store, long);
    expect(footer.metadata.metadata_length).toBeGreaterThan(128 * 1024);
    expect(footer.columns.length).toBe(3000);
    expect(store.gets.length).toBe(2);
  });
});

describe('columns', () => {
  test('must be there and of a fitting type', async () => {
    const footer = await readFooter(store, await stored(store, 'e', CHECKSUMMED));
    expect(requireTextColumn(footer, 'text').kind).toBe('text');
    expect(requireIdColumn(footer, 'id').kind).toBe('integer');
    expect(requireIdColumn(footer, 'when').kind).toBe('time');
    expect(requireColumn(footer, 'tags').kind).toBe('list');
    expect(() => requireTextColumn(footer, 'id')).toThrow(
      /column "id" is integer \(INT64\) and cannot be text/,
    );
    expect(() => requireIdColumn(footer, 'tags')).toThrow(SchemaMismatch);
    expect(() => requireTextColumn(footer, 'Test')).toThrow(
      /no column "Test"; the file has "text", "tags".*s3:\/\/test\/e/,
    );
  });

  test('names are sorted by edit distance', () => {
    expect(byNearness('titel', ['id', 'abstract', 'TITLE', 'ID'])).toEqual(['TITLE', 'id', 'ID', 'abstract']);
  });
});
