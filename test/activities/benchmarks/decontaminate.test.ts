import { expect, test } from 'vitest';
import { type Item, openIndex } from '../../../activities/benchmarks/benchmark-index.ts';
import { sumContamination } from '../../../activities/benchmarks/contamination.ts';
import { decontamination, type Policies } from '../../../activities/benchmarks/decontaminate.ts';

const DROP = { question: 'drop', answer: 'drop', options: 'flag', context: 'flag' } as const;
const policies: Policies = { one: DROP, two: { ...DROP, question: 'flag' } };
const QUESTION = 'who was the first of them to cross the wide river';
const CONTEXT = 'it was in the autumn that the ferry came down for the last time';

function open() {
  const builder = openIndex(['one', 'two']);
  const add = (set: number, row: number, values: Item['values']) =>
    builder.add(set, { object: set, row, values });
  add(0, 0, { question: [QUESTION], context: [CONTEXT] });
  add(0, 1, { question: ['Where is it?'], answer: ['on the hill'] });
  add(1, 0, { question: [QUESTION] });
  return decontamination(builder.finish(['eval/1.jsonl', 'eval/2.jsonl']).index, policies);
}
const place = (row: number, key = 'raw/a.parquet') => ({ key, row });
const pair = (row: number, number = 0) => ({ ...place(row), document: `d${row}`, pair: number });
const counts = (open: { counts(key?: string): object }, key?: string) => open.counts(key);

test('a document is rejected for what drops, with the words; what flags is kept and counted', () => {
  const look = open();
  expect(look.document(`So: ${QUESTION}?`, place(0))).toEqual({
    reason: 'contaminated',
    detail: `one, question: ${QUESTION}`,
  });
  expect(look.document(CONTEXT, place(1))).toBeUndefined();
  expect(look.document('nothing of it', place(2))).toBeUndefined();
  expect(counts(look)).toEqual({
    records: { document: { dropped: 1, flagged: 1 } },
    matches: [
      { benchmark: 'one', field: 'context', source: 'document', policy: 'flag', texts: 1, matches: 1 },
      { benchmark: 'one', field: 'question', source: 'document', policy: 'drop', texts: 1, matches: 1 },
      { benchmark: 'two', field: 'question', source: 'document', policy: 'flag', texts: 1, matches: 1 },
    ],
  });
});
test('a place that is looked at again, as in a large block, is found once', () => {
  const [once, twice] = [open(), open()];
  for (const look of [once, twice, twice]) {
    look.document(QUESTION, place(0));
    look.document(CONTEXT, place(0, 'raw/b.parquet'));
  }
  expect(counts(twice)).toEqual(counts(once));
  expect(sumContamination([twice.counts('raw/a.parquet'), twice.counts('raw/b.parquet')])).toEqual(
    twice.counts(),
  );
});
test('a pair is dropped for its question and options, or its answer and rationale; options and rationale count as theirs', () => {
  const look = open();
  const plain = { question: 'q', answer: 'a', kind: 'plain' } as const;
  expect(look.pair({ ...plain, question: QUESTION }, pair(0))).toBe(true);
  expect(look.pair({ ...plain, kind: 'option', options: ['a', QUESTION] }, pair(0, 1))).toBe(true);
  expect(look.pair({ ...plain, kind: 'cot', rationale: QUESTION }, pair(0, 2))).toBe(true);
  expect(look.pair({ ...plain, answer: CONTEXT }, pair(1))).toBe(false);
  expect(look.pair({ ...plain, question: 'Where is it?', answer: 'On the hill.' }, pair(2))).toBe(true);
  expect(look.pair({ ...plain, question: 'Where is it? On the hill?', answer: 'No.' }, pair(3))).toBe(false);
  const { records, matches } = look.counts();
  expect(records).toEqual({ pair: { dropped: 4, flagged: 1 } });
  const drops = matches.filter(({ policy }) => policy === 'drop');
  expect(drops.map(({ source, texts }) => [source, texts])).toEqual([
    ['answer', 1],
    ['question', 3],
  ]);
});
test('what was found in a source that has failed is forgotten', () => {
  const look = open();
  look.instruction('instructions-1', QUESTION, place(0));
  look.instruction('instructions-1', CONTEXT, place(4, 'raw/b.parquet'));
  look.forget('raw/a.parquet');
  expect(look.counts().records).toEqual({ 'instructions-1': { dropped: 0, flagged: 1 } });
});
