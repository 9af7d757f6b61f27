import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GivenTurn, givenRound, parseGiven } from '../../../activities/synthesize/given.ts';
import { MARK } from '../../../activities/synthesize/protocol/markers.ts';
import { documentId } from '../../../lake/identity.ts';

test('pairs in our own fields, of every kind', () => {
  const given = [
    { question: ' Why? ', answer: 'So.' },
    { question: 'Which?', answer: 'b', options: ['a', 'b'] },
    { question: 'How many?', answer: '4', rationale: 'Two and two.' },
    { question: 'Which one?', answer: 'b', options: ['a', 'b'], rationale: 'Not a' },
    // As Parquet tells of members that are not there.
    { question: 'And?', answer: 'Yes', options: null, rationale: null },
    { question: 'Or?', answer: 'No', options: [] },
  ];
  const { pairs, drops } = parseGiven(JSON.stringify(given));
  expect(drops).toEqual([]);
  expect(pairs).toEqual([
    { question: 'Why?', answer: 'So.', kind: 'plain' },
    { question: 'Which?', answer: 'b', kind: 'option', options: ['a', 'b'] },
    { question: 'How many?', answer: '4', kind: 'cot', rationale: 'Two and two' },
    { question: 'Which one?', answer: 'b', kind: 'option-cot', options: ['a', 'b'], rationale: 'Not a' },
    { question: 'And?', answer: 'Yes', kind: 'plain' },
    { question: 'Or?', answer: 'No', kind: 'plain' },
  ]);
});

test('Q and A, with the marks of the protocol; a list of objects, or an object of lists', () => {
  const listed = `Which?${MARK.options}a${MARK.option}b`;
  const thought = `How many?${MARK.thinkAloud}`;
  const Q = ['Why?', listed, thought];
  const A = ['So.', 'b', `Two and two${MARK.conclusion}4`];
  const wanted = [
    { question: 'Why?', answer: 'So.', kind: 'plain' },
    { question: 'Which?', answer: 'b', kind: 'option', options: ['a', 'b'] },
    { question: 'How many?', answer: '4', kind: 'cot', rationale: 'Two and two' },
  ];
  expect(parseGiven(JSON.stringify(Q.map((each, i) => ({ Q: each, A: A[i] })))).pairs).toEqual(wanted);
  expect(parseGiven(JSON.stringify({ Q, A })).pairs).toEqual(wanted);
});

test.each([
  ['no JSON', 'unreadable'],
  ['"text"', 'unreadable'],
  ['{"Q": ["a"], "A": []}', 'unreadable'],
  ['[7]', 'unreadable'],
  ['[{"question": "Why?"}]', 'unreadable'],
  ['[{"question": "Why?", "answer": "a", "options": "a"}]', 'unreadable'],
  ['[{"question": "", "answer": "a"}]', 'emptyQuestion'],
  ['[{"Q": "Why?", "A": " "}]', 'emptyAnswer'],
  ['[{"Q": "<QUE> Why?", "A": "<ANS> So. </END>"}]', 'leakedMarker'],
  ['[{"question": "Why?", "answer": "a", "options": ["a", "</END>"]}]', 'leakedMarker'],
  ['[{"question": "Why?", "answer": "c", "options": ["a", "b"]}]', 'answerNotAmongOptions'],
])('%s is no pair: %s', (cell, reason) => {
  const { pairs, drops } = parseGiven(cell);
  expect(pairs).toEqual([]);
  expect(drops.map((each) => each.reason)).toEqual([reason]);
});

test('nothing at all is no failure; whatever stands there, nothing throws, and every item is a pair or a drop', () => {
  for (const cell of ['', 'null', '[]', '{}']) expect(parseGiven(cell)).toEqual({ pairs: [], drops: [] });
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (items) => {
      const { pairs, drops } = parseGiven(JSON.stringify(items));
      expect(pairs.length + drops.length).toBe(items.length);
    }),
  );
  fc.assert(fc.property(fc.string(), (cell) => void parseGiven(cell)));
});

test('a round of given pairs: linked to the one before it where both have pairs', async () => {
  const turn = (row: number, given: string | null, before: GivenTurn['before']): GivenTurn => ({
    slot: 's',
    round: row,
    text: { key: 'k', row, block: 0, ordinal: row, valid: 3, text: 'Grün.', given },
    before,
  });
  async function* one(each: GivenTurn): AsyncGenerator<GivenTurn> {
    yield each;
  }
  const good = '[{"Q": "Why?", "A": "So."}, {"Q": "", "A": "x"}]';
  const [first] = await givenRound(one(turn(0, good, [])), () => {});
  expect(first).toMatchObject({
    ...{ id: documentId('k', 0), start: 0, end: 6, linked: false, history: 0, completion: good },
    ...{ promptTokens: 0, completionTokens: 0, drops: { emptyQuestion: 1 } },
  });
  const before = first === undefined ? [] : [{ ...first, context: 'Grün.' }];
  const [second] = await givenRound(one(turn(1, good, before)), () => {});
  expect(second).toMatchObject({ linked: true, history: 1 });
  const [third] = await givenRound(one(turn(1, null, before)), () => {});
  expect(third).toMatchObject({ linked: false, history: 1, pairs: [], completion: '' });
});
