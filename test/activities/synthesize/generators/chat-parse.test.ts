import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChat } from '../../../../activities/synthesize/generators/chat-parse.ts';
import { writtenPairs } from '../../../../activities/synthesize/generators/chat-schema.ts';
import { hasControl } from '../../../../activities/synthesize/generators/chat-text.ts';
import type { Pair } from '../../../../workflows/contract.ts';

const list = (...items: unknown[]): string => JSON.stringify({ pairs: items });
const q = { question: 'q', answer: 'a' };
const PLAIN = { question: 'q', answer: 'a', kind: 'plain' };
const reasons = (answer: string): string[] => parseChat(answer).drops.map(({ reason }) => reason);

describe('an answer', () => {
  it('gives the four kinds by the fields that are there', () => {
    const answer = list(
      { question: ' q ', answer: 'a', options: null, rationale: null },
      { question: 'q2', options: ['a', 'b'], answer: 'b' },
      { question: 'q3', rationale: 'Since so.', answer: 'c' },
      { question: 'q4', options: ['x', 'y'], rationale: 'r', answer: 'x' },
      { question: 'q5', options: [], rationale: ' ', answer: 4.5 },
    );
    expect(parseChat(answer)).toEqual({
      pairs: [
        PLAIN,
        { question: 'q2', answer: 'b', kind: 'option', options: ['a', 'b'] },
        { question: 'q3', answer: 'c', kind: 'cot', rationale: 'Since so' },
        { question: 'q4', answer: 'x', kind: 'option-cot', options: ['x', 'y'], rationale: 'r' },
        { question: 'q5', answer: '4.5', kind: 'plain' },
      ],
      drops: [],
    });
  });
  it.each([
    ['a code fence', `\`\`\`json\n${list(q)}\n\`\`\``],
    ['sentences around it', `Of course (see [1])!\n${list(q)}\nI hope this helps.`],
    ['a thought before it', `<think>{"pairs": [{"question": "draft", "answer": "x"}]}</think>\n${list(q)}`],
    ['a thought whose beginning was in the prompt', `Well, [{ }] …</think>${list(q)}`],
    ['a bare list', JSON.stringify([q])],
    ['white space anywhere', JSON.stringify({ pairs: [q] }, null, 2)],
  ])('is read in %s', (_, answer) => {
    expect(parseChat(answer)).toEqual({ pairs: [PLAIN], drops: [] });
  });
  it('that is an empty list has neither pairs nor drops', () => {
    expect(parseChat('{"pairs": []}')).toEqual({ pairs: [], drops: [] });
  });
  it.each([
    ['incomplete', '{"pairs": [{"question": "q", "answer": "a"}, {"question": "r", "ans'],
    [
      'incomplete',
      '{"pairs": [{"question": "q", "answer": "a"}, {"question": "r", "answer": "a brace } and \\" in it',
    ],
    ['incomplete', '{"pairs": [{"question": "q", "answer": "a"},'],
    ['incomplete', '{"pairs": [{"question": "q", "answer": "a"}'],
    ['unreadable', list(q, { question: 'r' })],
    ['unreadable', list(q, { question: 'r', answer: ['b'] })],
    ['unreadable', list(q, 'r')],
    ['unreadable', '{"pairs": [{"question": "q", "answer": "a"}, {"question": "r", answer: "b"}]}'],
    ['afterEnd', `${list(q)}\n\n${list({ question: 'r', answer: 'b' })}`],
    ['emptyQuestion', list(q, { question: ' ', answer: 'b' })],
    ['emptyAnswer', list(q, { question: 'r', answer: '' })],
    ['repeated', list(q, { question: 'Q', answer: 'other' })],
    ['cotMismatch', list(q, { question: 'r', answer: 'b', rationale: '.' })],
    ['badOptions', list(q, { question: 'r', answer: 'b', options: ['b'] })],
    ['badOptions', list(q, { question: 'r', answer: 'b', options: ['b', 'b'] })],
    ['answerNotAmongOptions', list(q, { question: 'r', answer: 'B', options: ['b', 'c'] })],
    ['leakedMarker', list(q, { question: 'r </END>', answer: 'b' })],
    ['leakedMarker', list(q, { question: 'r', answer: 'b</source_text>' })],
    ['leakedMarker', list(q, { question: 'r', answer: 'b', options: ['b', '<|im_end|>'] })],
    ['leakedMarker', list(q, { question: 'r', answer: 'b', rationale: '[INST]' })],
  ])('loses a piece as %s and keeps the rest: %s', (reason, answer) => {
    expect(reasons(answer)).toEqual([reason]);
    expect(parseChat(answer).pairs).toEqual([PLAIN]);
  });
  it.each([
    '',
    'I cannot help with that.',
    '{"items": 3}',
    '{"question": "q", "answer": "a"}',
    '<html>[1]</html>',
  ])('without a list is unreadable: %j', (answer) => {
    expect(parseChat(answer)).toEqual({ pairs: [], drops: [{ reason: 'unreadable', segment: answer }] });
  });
  it('that is a thought without an end is incomplete: what it drafts is no answer', () => {
    expect(reasons(`<think>Perhaps ${list(q)}`)).toEqual(['incomplete']);
  });
  it('holds no half of a surrogate pair', () => {
    expect(parseChat('{"pairs": [{"question": "q", "answer": "a\\ud83d"}]}').pairs[0]?.answer).toBe(
      'a\ufffd',
    );
  });
});

const word = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .map((text) => Buffer.from(text).toString().trim())
  .filter((text) => text !== '' && !hasControl(text));
const thought = word
  .map((text) => text.replace(/[.\s]+$/, ''))
  .filter((text) => text !== '' && text.trim() === text);
const pair: fc.Arbitrary<Pair> = fc
  .record({
    question: word,
    options: fc.option(fc.uniqueArray(word, { minLength: 2, maxLength: 5 }), { nil: undefined }),
    rationale: fc.option(thought, { nil: undefined }),
    answer: word,
  })
  .map(({ question, options, rationale, answer }) => ({
    question,
    answer: options?.[0] ?? answer,
    kind:
      options === undefined
        ? rationale === undefined
          ? 'plain'
          : 'cot'
        : rationale === undefined
          ? 'option'
          : 'option-cot',
    ...(options === undefined ? {} : { options }),
    ...(rationale === undefined ? {} : { rationale }),
  }));
const pairs = fc.uniqueArray(pair, {
  maxLength: 6,
  selector: ({ question }) => question.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
});
const ALL = { options: 'sometimes', rationale: 'sometimes' } as const;

describe('properties', () => {
  it('what is written is read again, in whatever stands around it', () => {
    fc.assert(
      fc.property(
        pairs,
        fc.constantFrom('', '```json\n', 'Here:\n', '<think>x</think>'),
        (written, before) => {
          expect(parseChat(before + writtenPairs(written, ALL))).toEqual({ pairs: written, drops: [] });
        },
      ),
    );
  });
  it('cut off anywhere, the pairs before the cut are there, and one drop tells of the cut', () => {
    fc.assert(
      fc.property(pairs, fc.nat(), (written, cut) => {
        const whole = writtenPairs(written, ALL);
        const answer = whole.slice(0, cut % (whole.length - 2));
        const read = parseChat(answer);
        expect(read.pairs).toEqual(written.slice(0, read.pairs.length));
        expect(read.drops.map(({ reason }) => reason)).toEqual([
          answer.includes('"pairs":[') ? 'incomplete' : 'unreadable',
        ]);
        const complete = written.filter(
          (_, i) => answer.length >= writtenPairs(written.slice(0, i + 1), ALL).length - 2,
        );
        expect(read.pairs).toHaveLength(complete.length);
      }),
    );
  });
  it('nothing makes it throw, and no pair holds a mark', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .array(
          fc.constantFrom(
            '{',
            '}',
            '[',
            ']',
            '"',
            '\\',
            ',',
            '"pairs":',
            '"question":"q"',
            '"answer":"</END>"',
            ' ',
          ),
          { maxLength: 60 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(noise, (answer) => {
        for (const { question, answer: a } of parseChat(answer).pairs)
          expect(hasControl(question + a)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
