import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tokenBytes, tokenIds } from '../../../activities/shards/dtype.ts';
import { maskOf } from '../../../activities/shards/mask.ts';
import {
  bestFit,
  concatenated,
  emptyRow,
  NO_TARGET,
  type PackCounts,
  type PackedRow,
  type PackRules,
} from '../../../activities/shards/pack.ts';
import { pairsIn, partedPairs } from '../../../activities/shards/parted.ts';
import { type ShardDocument, shardDocument, shardRecord } from '../../../activities/shards/record.ts';
import type { TokenSpan } from '../../../workflows/contract.ts';

const EOS = 1;
/** A document of these ids, EOS behind them. */
function documentOf(ids: number[], spans: TokenSpan[] = []): ShardDocument {
  const all = [...ids, EOS];
  const body = tokenBytes(Uint32Array.from(all), 'uint16');
  const id = 'a0'.repeat(16);
  return { id, unit: id, copy: 0, source: 0, body, tokens: all.length, spans, text: '' };
}
const span = (kind: TokenSpan['kind'], from: number, to: number): TokenSpan => ({
  kind,
  start: from,
  end: to,
  from,
  to,
});
const rules = (length: number, mask = false): PackRules => ({
  length,
  padding: EOS,
  mask,
  idsOf: (body) => tokenIds(body, 'uint16'),
});
const noCounts = (): PackCounts => ({ rows: 0, padding: 0, cut: 0 });
function concat(documents: ShardDocument[], each: PackRules, counts = noCounts()) {
  const state = { row: emptyRow(each), used: 0, segment: 0 };
  return { rows: [...concatenated(documents, each, counts, state)], state, counts };
}
const anyDocument = fc
  .array(fc.integer({ min: 2, max: 60_000 }), { minLength: 1, maxLength: 30 })
  .map((ids) => documentOf(ids));
const tokensOf = ({ ids, segments }: PackedRow): number[] => [...ids].filter((_, i) => segments[i] !== 0);

test('a record is its document again', () => {
  const spans = [span('context', 0, 4), span('rationale', 5, 6), span('answer', 6, 9)];
  const document = {
    ...documentOf([7, 8, 9], spans),
    unit: 'b1'.repeat(16),
    copy: 3,
    source: 2,
    text: 'ä 水 😀',
  };
  expect(shardDocument(shardRecord(document), 'uint16')).toEqual({
    ...document,
    body: Buffer.from(document.body),
  });
});

describe('a mask', () => {
  test('has the tokens of answers and rationales, and the EOS behind one', () => {
    const spans = [
      span('context', 0, 2),
      span('question', 2, 3),
      span('rationale', 3, 4),
      span('answer', 4, 6),
    ];
    expect([...maskOf(documentOf([5, 5, 5, 5, 5, 5], spans))]).toEqual([0, 0, 0, 1, 1, 1, 1]);
  });
  test('has no EOS where the document goes on behind the answer, and nothing where there is none', () => {
    expect([...maskOf(documentOf([5, 5, 5], [span('answer', 0, 2)]))]).toEqual([1, 1, 0, 0]);
    expect([...maskOf(documentOf([5, 5], [span('context', 0, 2)]))]).toEqual([0, 0, 0]);
  });
});

describe('concatenated rows', () => {
  test('are all tokens in order, cut at the length of a row', () => {
    fc.assert(
      fc.property(
        fc.array(anyDocument, { maxLength: 12 }),
        fc.integer({ min: 2, max: 20 }),
        (documents, length) => {
          const { rows, state } = concat(documents, rules(length));
          for (const row of rows) expect(tokensOf(row)).toHaveLength(length);
          const all = documents.flatMap(({ body }) => [...tokenIds(body, 'uint16')]);
          expect([...rows.flatMap(tokensOf), ...tokensOf(state.row)]).toEqual(all);
        },
      ),
    );
  });
  test('number the documents in each row from 1', () => {
    const { rows, state } = concat([documentOf([2, 3, 4]), documentOf([5]), documentOf([6, 7])], rules(4));
    expect(rows.map(({ segments }) => [...segments])).toEqual([
      [1, 1, 1, 1],
      [1, 1, 2, 2],
    ]);
    expect([...state.row.segments]).toEqual([1, 0, 0, 0]);
  });
});

describe('rows by best fit', () => {
  test('have every document whole and once, in as many rows as are needed at most; longer ones are cut and counted', () => {
    fc.assert(
      fc.property(
        fc.array(anyDocument, { maxLength: 30 }),
        fc.integer({ min: 4, max: 40 }),
        (documents, length) => {
          const counts = noCounts();
          const rows = [...bestFit(documents, rules(length), counts)];
          const pieces = rows.flatMap(({ ids, segments }) =>
            [...new Set(segments)]
              .filter(Boolean)
              .map((each) => [...ids].filter((_, i) => segments[i] === each)),
          );
          const whole = documents.filter(({ tokens }) => tokens <= length);
          const wanted = whole.map(({ body }) => [...tokenIds(body, 'uint16')].join());
          const got = pieces.map((piece) => piece.join());
          for (const each of wanted) {
            const at = got.indexOf(each);
            expect(at).toBeGreaterThanOrEqual(0);
            got.splice(at, 1);
          }
          expect(counts.cut).toBe(documents.length - whole.length);
          const tokens = documents.reduce((sum, each) => sum + each.tokens, 0);
          expect(rows.length * length).toBe(tokens + counts.padding);
          expect(counts.rows).toBe(rows.length);
        },
      ),
    );
  });
  test('fill a row as well as can be', () => {
    const ids = (count: number): ShardDocument => documentOf(Array.from({ length: count - 1 }, () => 7));
    const counts = noCounts();
    expect([...bestFit([ids(6), ids(4), ids(5), ids(5)], rules(10), counts)]).toHaveLength(2);
    expect(counts.padding).toBe(0);
  });
  test('padding is no target; with a mask only answers are', () => {
    const document = documentOf([5, 6, 7], [span('answer', 1, 3)]);
    const [plain] = bestFit([document], rules(6), noCounts());
    expect([...(plain?.labels ?? [])]).toEqual([5, 6, 7, EOS, NO_TARGET, NO_TARGET]);
    const [masked] = bestFit([document], rules(6, true), noCounts());
    expect([...(masked?.labels ?? [])]).toEqual([NO_TARGET, 6, 7, EOS, NO_TARGET, NO_TARGET]);
  });
});

test('a pair is parted where its context begins in another row than its answer ends', () => {
  const spans = [span('context', 0, 4), span('question', 4, 5), span('answer', 5, 6), span('answer', 8, 10)];
  expect(pairsIn({ spans })).toBe(2);
  expect(partedPairs({ spans }, 0, 10)).toBe(0);
  expect(partedPairs({ spans }, 0, 8)).toBe(1);
  expect(partedPairs({ spans }, 6, 8)).toBe(2);
  expect(partedPairs({ spans: [span('answer', 0, 9)] }, 0, 4)).toBe(0);
  // Pairs that stand before their texts.
  const inverted = [
    ...[span('question', 0, 2), span('answer', 2, 4), span('context', 4, 9)],
    ...[span('question', 9, 10), span('answer', 10, 12), span('context', 12, 14)],
  ];
  expect(partedPairs({ spans: inverted }, 0, 16)).toBe(0);
  expect(partedPairs({ spans: inverted }, 0, 8)).toBe(1);
  expect(partedPairs({ spans: inverted }, 3, 8)).toBe(2);
  expect(partedPairs({ spans: inverted }, 1, 4)).toBe(1);
});
