import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { readOffsetIndex } from 'hyparquet/src/indexes.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../../lake/hash.ts';
import { type ColumnSpec, openParquet, parquetBytes } from '../../../lake/parquet/write.ts';
import { intListCases } from '../../int-lists.ts';
import { type DirectoryStore, directoryStore } from '../directory-store.ts';
import { allRows, stored } from './open.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

const IDS: ColumnSpec = { name: 'ids', type: 'ints', nullable: false };
const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
const written = (lists: readonly Int32Array[]) => parquetBytes([{ ...IDS, data: lists }]);
/** Index of the first row that is not its list; -1 when all are. */
const firstOther = (rows: readonly Record<string, unknown>[], lists: readonly Int32Array[]): number =>
  rows.findIndex(({ ids }, i) => {
    const list = lists[i] ?? [];
    return (ids as number[]).length !== list.length || (ids as number[]).some((id, j) => id !== list[j]);
  });

describe('lists of integers', () => {
  test.each(intListCases())(
    '$name is read back by our reader and by hyparquet',
    async ({ name, lists }) => {
      const bytes = written(lists);
      const read = await allRows(store, await stored(store, name, bytes));
      const plain = await parquetReadObjects({ file: bufferOf(bytes) });
      expect([read.footer.rows, read.rows.length, plain.length]).toEqual(Array(3).fill(lists.length));
      expect([firstOther(read.rows, lists), firstOther(plain, lists)]).toEqual([-1, -1]);
    },
    30_000,
  );

  const LISTS = fc.array(
    fc.oneof(
      fc.int32Array({ maxLength: 20 }),
      fc.tuple(fc.nat(600), fc.integer()).map(([length, value]) => new Int32Array(length).fill(value)),
    ),
    { maxLength: 90 },
  );
  test.each(['snappy', 'gzip'] as const)('any of them beside other columns (%s)', async (codec) => {
    await fc.assert(
      fc.asyncProperty(LISTS, fc.integer({ min: 100, max: 20_000 }), async (lists, rowGroupBytes) => {
        const text = lists.map(({ length }, i) => (i % 3 === 0 ? null : `${length}`));
        const more = lists.map((list) => list.map((each) => ~each));
        const bytes = parquetBytes(
          [
            { ...IDS, data: lists },
            { name: 'text', type: 'string', data: text },
            { ...IDS, name: 'more', data: more },
          ],
          { codec, rowGroupBytes },
        );
        const wanted = lists.map((ids, i) => ({
          ...{ ids: [...ids], text: text[i], more: [...(more[i] ?? [])] },
        }));
        expect((await allRows(store, await stored(store, codec, bytes))).rows).toEqual(wanted);
        if (codec === 'snappy') expect(await parquetReadObjects({ file: bufferOf(bytes) })).toEqual(wanted);
      }),
      { numRuns: 60 },
    );
  });

  test('do not depend on how rows are spread over batches, nor on what their arrays are views of', () => {
    fc.assert(
      fc.property(LISTS, fc.nat(90), (lists, cut) => {
        const stream = openParquet([IDS], { rowGroupBytes: 3000 });
        const views = lists.map((list) => Int32Array.of(7, ...list, 7).subarray(1, list.length + 1));
        const pieces = [
          ...stream.append({ ids: views.slice(0, cut) }),
          ...stream.append({ ids: views.slice(cut) }),
          ...stream.finish(),
        ];
        const whole = parquetBytes([{ ...IDS, data: lists }], { rowGroupBytes: 3000 });
        expect(sha256(Buffer.concat(pieces))).toBe(sha256(whole));
      }),
    );
  });

  test('are the same bytes in every release', () => {
    const lists = Array.from({ length: 300 }, (_, i) =>
      Int32Array.from({ length: (i * 37) % 2048 }, (__, j) => (i * j) % 50_000),
    );
    expect(sha256(written(lists))).toBe('0128ee72a1b7f6c120f3e82c46dea06e8173df44d8d103e4d0b20d70473c176b');
  });

  test('keep their schema: a required list of required integers', () => {
    const { schema } = parquetMetadata(bufferOf(written([])));
    expect(
      schema
        .slice(1)
        .map(({ name, repetition_type, type, converted_type }) => [
          name,
          repetition_type,
          type ?? converted_type,
        ]),
    ).toEqual([
      ['ids', 'REQUIRED', 'LIST'],
      ['list', 'REPEATED', undefined],
      ['element', 'REQUIRED', 'INT32'],
    ]);
  });

  test('come in pages of about a megabyte and whole rows, which an index finds', () => {
    const lists = Array.from({ length: 1000 }, () => new Int32Array(1500).fill(3));
    const file = bufferOf(written(lists));
    const [group] = parquetMetadata(file).row_groups;
    const [column] = group?.columns ?? [];
    expect(column?.meta_data?.num_values).toBe(1_500_000n);
    const at = Number(column?.offset_index_offset);
    const view = new DataView(file, at, column?.offset_index_length);
    const { page_locations } = readOffsetIndex({ view, offset: 0 });
    // 175 rows of 6,000 bytes are the first to reach a megabyte.
    expect(page_locations.map(({ first_row_index }) => Number(first_row_index))).toEqual([
      0, 175, 350, 525, 700, 875,
    ]);
    expect(Number(page_locations[0]?.offset)).toBe(4);
    for (const [i, { offset, compressed_page_size }] of page_locations.slice(0, -1).entries()) {
      expect(offset + BigInt(compressed_page_size)).toBe(page_locations[i + 1]?.offset);
    }
  });

  test.each<[string, ColumnSpec, unknown]>([
    ['null', IDS, null],
    ['an array', IDS, [1, 2]],
    ['unsigned integers', IDS, Uint32Array.of(1)],
    ['integers of other sizes', IDS, Int16Array.of(1)],
    ['bytes', IDS, Buffer.alloc(4)],
  ])('refuse %s', (_, column, value) => {
    expect(() => parquetBytes([{ ...column, data: [value] }])).toThrow(/column "ids" \(ints\) cannot hold/);
  });
  test('refuse to be nullable, by default too', () => {
    for (const column of [
      { ...IDS, nullable: true },
      { name: 'ids', type: 'ints' },
    ] as ColumnSpec[]) {
      expect(() => openParquet([column])).toThrow('column "ids" (ints) cannot be nullable');
    }
  });
  test('refuse what no page could hold', () => {
    expect(() => written([new Int32Array(2 ** 26 + 1)])).toThrow(RangeError);
  });
});
