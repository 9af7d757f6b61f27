import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../lake/hash.ts';
import { type ColumnSpec, openParquet, parquetBytes, parquetStream } from '../../../lake/parquet/write.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { allRows, stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

const COLUMNS: ColumnSpec[] = [
  { name: 'string', type: 'string' },
  { name: 'int32', type: 'int32' },
  { name: 'int64', type: 'int64' },
  { name: 'double', type: 'double' },
  { name: 'boolean', type: 'boolean' },
  { name: 'json', type: 'json' },
  { name: 'strings', type: 'strings' },
  { name: 'always', type: 'string', nullable: false },
];
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { freq: 4 });
const ROW = fc.record({
  string: maybe(fc.string({ unit: 'binary' })),
  int32: maybe(fc.integer()),
  int64: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  double: maybe(fc.double()),
  boolean: maybe(fc.boolean()),
  json: maybe(
    fc.oneof(
      fc.string({ unit: 'grapheme-ascii' }),
      fc.array(fc.integer()),
      fc.dictionary(fc.string(), fc.nat()),
    ),
  ),
  strings: maybe(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 })),
  always: fc.constantFrom('a', 'b'),
});
type Row = Record<string, unknown>;
const batchOf = (rows: readonly Row[]) =>
  Object.fromEntries(COLUMNS.map(({ name }) => [name, rows.map((row) => row[name])]));

describe('written files', () => {
  test.each(['snappy', 'gzip'] as const)('read back what was written (%s)', async (codec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(ROW, { maxLength: 20 }), async (rows) => {
        const batch = batchOf(rows);
        const columns = COLUMNS.map((column) => ({ ...column, data: batch[column.name] ?? [] }));
        const source = await stored(store, codec, parquetBytes(columns, { codec, rowGroupBytes: 2000 }));
        const read = await allRows(store, source);
        expect(read.rows).toEqual(
          rows.map((row) => ({ ...row, json: row.json === null ? null : JSON.stringify(row.json) })),
        );
      }),
      { numRuns: 30 },
    );
  });

  test('do not depend on how rows are spread over batches', () => {
    fc.assert(
      fc.property(fc.array(ROW, { minLength: 1, maxLength: 40 }), fc.nat(40), (rows, cut) => {
        const write = (parts: Row[][]): string => {
          const stream = openParquet(COLUMNS, { rowGroupBytes: 1000 });
          const pieces = parts.flatMap((part) => stream.append(batchOf(part)));
          return sha256(Buffer.concat([...pieces, ...stream.finish()]));
        };
        expect(write([rows.slice(0, cut), rows.slice(cut)])).toBe(write([rows]));
      }),
      { numRuns: 30 },
    );
  });

  test('are the same bytes in every release', () => {
    const text = Array.from({ length: 500 }, (_, i) => (i % 9 === 0 ? null : `passage ${i} `.repeat(i % 40)));
    const id = text.map((_, i) => i);
    const bytes = parquetBytes(
      [
        { name: 'id', type: 'int64', nullable: false, data: id },
        { name: 'text', type: 'string', data: text },
        { name: 'tags', type: 'strings', data: id.map((i) => ['a', 'b', 'c'].slice(i % 4)) },
      ],
      { rowGroupBytes: 30_000 },
    );
    expect(sha256(bytes)).toBe('f40fd23914b3be04bf5a7dbb944b38563808ef7fb2395af814e7aaf598d69e9f');
  });

  test('are handed out while they grow', async () => {
    let produced = 0;
    function* batches() {
      for (let i = 0; i < 20; i++) {
        produced += 1;
        yield { text: Array.from({ length: 100 }, (_, j) => `${i} ${j} `.repeat(100)) };
      }
    }
    const seen: number[] = [];
    const columns: ColumnSpec[] = [{ name: 'text', type: 'string' }];
    for await (const _ of parquetStream(columns, batches(), { rowGroupBytes: 100_000 })) seen.push(produced);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen[0]).toBeLessThan(5);
  });

  test.each<[ColumnSpec, unknown]>([
    [{ name: 'c', type: 'string' }, 5],
    [{ name: 'c', type: 'int32' }, 2 ** 31],
    [{ name: 'c', type: 'int32' }, 0.5],
    [{ name: 'c', type: 'int64' }, 2n ** 63n],
    [{ name: 'c', type: 'int64' }, 2 ** 53],
    [{ name: 'c', type: 'double' }, '1'],
    [{ name: 'c', type: 'boolean' }, 0],
    [{ name: 'c', type: 'strings' }, ['a', null]],
    [{ name: 'c', type: 'string', nullable: false }, null],
  ])('refuse values that do not fit: %j', (column, value) => {
    expect(() => parquetBytes([{ ...column, data: [value] }])).toThrow(/column "c" \(\w+\) cannot hold/);
  });

  test('refuse columns of different lengths', () => {
    const columns: ColumnSpec[] = [
      { name: 'a', type: 'string' },
      { name: 'b', type: 'string' },
    ];
    expect(() => openParquet(columns).append({ a: ['x'], b: [] })).toThrow('column "b" has not 1 values');
  });
});
