import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openIndex } from '../../../activities/benchmarks/benchmark-index.ts';
import { decodeIndex, encodeIndex } from '../../../activities/benchmarks/index-file.ts';
import { type FieldPaths, itemsOf } from '../../../activities/benchmarks/items.ts';
import { linesOf } from '../../../activities/benchmarks/lines.ts';
import { matchesIn } from '../../../activities/benchmarks/match.ts';
import { textsAt } from '../../../activities/benchmarks/values.ts';
import { CorruptLake, SchemaMismatch } from '../../../lake/errors.ts';
import { type ColumnSpec, parquetBytes } from '../../../lake/parquet/write.ts';
import type { ObjectStore } from '../../../lake/store.ts';

/** A store with one object. */
function holding(key: string, body: Uint8Array | string) {
  const bytes = Buffer.from(body);
  const get: ObjectStore['get'] = async (_, { range: [start, end] = [0, bytes.length] } = {}) =>
    bytes.subarray(start, end);
  return {
    store: { bucket: 'b', get } as unknown as ObjectStore,
    source: { key, etag: 'e', size: bytes.length },
  };
}
async function all<T>(some: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const each of some) items.push(each);
  return items;
}
const read = (key: string, body: Uint8Array | string, paths: FieldPaths) => {
  const { store, source } = holding(key, body);
  return all(itemsOf(store, source, paths));
};
const lines = (body: Uint8Array | string, lineBytes?: number) => {
  const { store, source } = holding('a.jsonl', body);
  return all(linesOf(store, source, lineBytes));
};

describe('lines', () => {
  test('are numbered from 1, blank ones counted but not given, a byte order mark is none of the first', async () => {
    expect(await lines('\ufeffa\r\n\n \t\nb')).toEqual([
      { number: 1, text: 'a\r' },
      { number: 4, text: 'b' },
    ]);
    expect(await lines('')).toEqual([]);
    expect(await lines('a\n')).toEqual([{ number: 1, text: 'a' }]);
  });
  test('that are too long, or no UTF-8, are told, and the next one is read', async () => {
    const body = Buffer.concat([
      Buffer.from('123456\n'),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('ok\n1234567'),
    ]);
    expect(await lines(body, 5)).toEqual([
      { number: 1, problem: 'longer than 5 bytes' },
      { number: 2, problem: 'its bytes are not UTF-8' },
      { number: 3, text: 'ok' },
      { number: 4, problem: 'longer than 5 bytes' },
    ]);
  });
});

describe('texts at a path', () => {
  test.each([
    [{ q: 'a' }, 'q', ['a']],
    [{ q: ['a', null, 'b', ['c']] }, 'q', ['a', 'b', 'c']],
    [{ q: 4, r: true }, 'q', ['4']],
    [{ q: null }, 'q', []],
    [{ answers: { text: ['a', 'b'] } }, 'answers.text', ['a', 'b']],
    [{ answers: [{ text: 'a' }, { text: 'b' }, {}] }, 'answers.text', ['a', 'b']],
    [{ 'answers.text': 'whole', answers: { text: 'part' } }, 'answers.text', ['whole']],
    [JSON.parse('{"__proto__": {"text": "a"}}') as Record<string, unknown>, '__proto__.text', ['a']],
  ])('%j, %s', (record, path, texts) => {
    expect(textsAt(record, path)).toEqual({ texts, problem: undefined, there: true });
  });
  test('that is not there has none, and an object is no text', () => {
    expect(textsAt({ a: 1 }, 'b')).toMatchObject({ texts: [], there: false });
    expect(textsAt({}, 'constructor.name')).toMatchObject({ texts: [], there: false });
    expect(textsAt({ a: { x: 1, y: 2 } }, 'a').problem).toBe('an object (x, y)');
  });
});

describe('items', () => {
  test('of JSONL: what is no record is named by its line', async () => {
    expect(
      await read('a.jsonl', '{"q":"a","o":["x","y"]}\n{"q"\n"no"\n{"o":1}', { question: 'q', options: 'o' }),
    ).toEqual([
      { row: 1, values: { question: ['a'], options: ['x', 'y'] } },
      { row: 2, problem: 'not JSON' },
      { row: 3, problem: 'not a JSON object' },
      { row: 4, values: { question: [], options: ['1'] } },
    ]);
  });
  test('of Parquet: numbers and lists too; bytes that are no text are named by their row', async () => {
    const columns: (ColumnSpec & { data: unknown[] })[] = [
      { name: 'q', type: 'string', data: ['a', null, 'c'] },
      { name: 'n', type: 'int64', data: [1, 2, 3] },
      { name: 'o', type: 'strings', data: [['x', 'y'], [], null] },
    ];
    expect(
      await read('a.parquet', parquetBytes(columns), { question: 'q', answer: 'n', options: 'o' }),
    ).toEqual([
      { row: 0, values: { question: ['a'], answer: ['1'], options: ['x', 'y'] } },
      { row: 1, values: { question: [], answer: ['2'], options: [] } },
      { row: 2, values: { question: ['c'], answer: ['3'], options: [] } },
    ]);
  });
  test('of Parquet with structs, lists of structs and large lists, as pyarrow writes them', async () => {
    // As test/fixtures/benchmarks/make.py writes it.
    const nested = readFileSync(new URL('../../fixtures/benchmarks/nested.parquet', import.meta.url));
    const paths = {
      question: 'question',
      answer: 'answers.text',
      options: 'choices.text',
      context: 'endings',
    };
    expect(await read('a.parquet', nested, paths)).toEqual([
      { row: 0, values: { question: ['a'], answer: ['x', 'y'], options: ['one'], context: ['p', 'q'] } },
      { row: 1, values: { question: ['b'], answer: [], options: [], context: ['r'] } },
      { row: 2, values: { question: [], answer: [], options: [], context: [] } },
    ]);
    await expect(read('a.parquet', nested, { answer: 'answers' })).rejects.toThrow(
      'is an object (text, answer_start)',
    );
    await expect(read('a.parquet', nested, { answer: 'answers.txt' })).rejects.toThrow(SchemaMismatch);
  });
  test('are refused where the spec names what is not there, or an object', async () => {
    const body = '{"question":"a","answers":{"text":["b"]}}';
    await expect(read('a.jsonl', body, { question: 'qestion' })).rejects.toThrow(
      /no item has "qestion".*"question", "answers"/,
    );
    await expect(read('a.jsonl', body, { answer: 'answers' })).rejects.toThrow('"answers.text"');
    await expect(read('a.jsonl', 'x\ny', { question: 'q' })).rejects.toThrow('line 1: not JSON');
    const parquet = parquetBytes([{ name: 'question', type: 'string', data: ['a'] }]);
    await expect(read('a.parquet', parquet, { question: 'q.text' })).rejects.toThrow(
      'there is no column "q"',
    );
  });
});

describe('the index as an object', () => {
  const built = () => {
    const builder = openIndex(['one', 'two']);
    const question = ['Who wrote Hamlet?'];
    builder.add(0, { object: 0, row: 7, values: { question, answer: ['Shakespeare'] } });
    builder.add(1, { object: 1, row: 4, values: { context: ['a b c d e f g h i j k l m n o'] } });
    return builder.finish(['a.jsonl', 'b "q".jsonl']).index;
  };
  test('comes back as it was; equal items give equal bytes', () => {
    const bytes = Buffer.concat(encodeIndex(built()));
    expect(Buffer.concat(encodeIndex(built())).equals(bytes)).toBe(true);
    // Wherever it begins in memory.
    for (const shift of [0, 1, 3]) {
      const index = decodeIndex(new Uint8Array(Buffer.concat([Buffer.alloc(shift), bytes])).subarray(shift));
      expect(index).toEqual(built());
      expect(matchesIn(index, 'who wrote hamlet: Shakespeare, a b c d e f g h i j k l m')).toMatchObject([
        { value: 0, words: 'who wrote hamlet' },
        { value: 1, words: 'a b c d e f g h i j k l m' },
      ]);
    }
  });
  test('is refused where it is none', () => {
    expect(() => decodeIndex(Buffer.from('PAR1'))).toThrow(CorruptLake);
    expect(() => decodeIndex(Buffer.alloc(64))).toThrow('does not begin as one');
  });
});
