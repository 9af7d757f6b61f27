import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasMarker, MARK } from '../../../../activities/synthesize/protocol/markers.ts';
import { parseCompletion } from '../../../../activities/synthesize/protocol/parse.ts';
import { pairText } from '../../../../activities/synthesize/protocol/prompt.ts';
import type { Pair } from '../../../../workflows/contract.ts';

const plain = { question: 'q', answer: 'a', kind: 'plain' };

it('reads pairs in order', () => {
  expect(parseCompletion(' <QUE> q <ANS> a </END>\n\n<QUE> r <ANS> b </END>')).toEqual({
    pairs: [plain, { question: 'r', answer: 'b', kind: 'plain' }],
    drops: [],
  });
});

it('reads the three other kinds', () => {
  const text =
    '<QUE> Which?\nOptions:\n- a\n- b c <ANS> b c </END>\n\n' +
    "<QUE> Why?\nLet's think step by step. <ANS> Since so.\nTherefore, the answer is x </END>\n\n" +
    "<QUE> Is it?\nOptions:\n- Yes\n- No\nLet's think step by step. <ANS> It is..\nTherefore, the answer is Yes </END>";
  expect(parseCompletion(text)).toEqual({
    pairs: [
      { question: 'Which?', answer: 'b c', kind: 'option', options: ['a', 'b c'] },
      { question: 'Why?', answer: 'x', kind: 'cot', rationale: 'Since so' },
      { question: 'Is it?', answer: 'Yes', kind: 'option-cot', options: ['Yes', 'No'], rationale: 'It is.' },
    ],
    drops: [],
  });
});

it.each([
  ['<QUE> q <ANS> a </END>', 0],
  ['<QUE> q <ANS> a </END>\n', 0],
  ['<QUE> q <ANS> a </END></s>', 0],
  ['<QUE> q <ANS> a </END> </s><s> ', 0],
])('takes %j as complete', (text, drops) => {
  expect(parseCompletion(text).pairs).toEqual([plain]);
  expect(parseCompletion(text).drops).toHaveLength(drops);
});

it.each([
  ['incomplete', '<QUE> r <ANS> b'],
  ['incomplete', '<QUE> r <ANS> b </EN'],
  ['afterEnd', '</s><s> <CON> invented </CON>\n\n<QUE> r <ANS> b </END>'],
  ['noAnswer', '<QUE> r </END>'],
  ['severalAnswers', '<QUE> r <ANS> b <ANS> c </END>'],
  ['noQuestionMark', 'r <ANS> b </END>'],
  ['noQuestionMark', 'Well: <QUE> r <ANS> b </END>'],
  ['emptyQuestion', '<QUE> <ANS> b </END>'],
  ['emptyQuestion', '<QUE> \nOptions:\n- b\n- c <ANS> b </END>'],
  ['emptyAnswer', '<QUE> r <ANS> </END>'],
  ['emptyAnswer', "<QUE> r\nLet's think step by step. <ANS> So.\nTherefore, the answer is  </END>"],
  ['repeated', '<QUE> Q <ANS> other </END>'],
  ['leakedMarker', '<QUE> r <con> <ANS> b </END>'],
  ['leakedMarker', '<QUE> r <ANS> b <QUE> c </END>'],
  ['cotMismatch', "<QUE> r\nLet's think step by step. <ANS> b </END>"],
  ['cotMismatch', '<QUE> r <ANS> So.\nTherefore, the answer is b </END>'],
  ['cotMismatch', "<QUE> r\nLet's think step by step. <ANS> .\nTherefore, the answer is b </END>"],
  ['badOptions', '<QUE> r\nOptions:\n- b <ANS> b </END>'],
  ['badOptions', '<QUE> r\nOptions:\n- b\n- b <ANS> b </END>'],
  ['badOptions', '<QUE> r\nOptions:\n- b\n-  \n- c <ANS> b </END>'],
  ['badOptions', '<QUE> r\nOptions:\n- b\n- c\nOptions:\n- d\n- e <ANS> b </END>'],
  ['answerNotAmongOptions', '<QUE> r\nOptions:\n- b\n- c <ANS> d </END>'],
])('drops as %s: %j', (reason, segment) => {
  const { pairs, drops } = parseCompletion(`<QUE> q <ANS> a </END>\n\n${segment}`);
  expect(pairs).toEqual([plain]);
  expect(drops.map((drop) => drop.reason)).toEqual([reason]);
  expect(segment).toContain(drops[0]?.segment);
});

it('goes on behind a piece that it drops', () => {
  const { pairs, drops } = parseCompletion('<QUE> r </END><QUE> q <ANS> a </END>');
  expect(pairs).toEqual([plain]);
  expect(drops).toEqual([{ reason: 'noAnswer', segment: '<QUE> r' }]);
});

const pieces = fc.constantFrom(
  ...Object.values(MARK),
  '</EN',
  '<QUE',
  'a',
  'Q',
  '\n',
  ' ',
  '.',
  'the answer is',
);
const noise = fc
  .array(fc.oneof(pieces, fc.string({ maxLength: 5, unit: 'grapheme' })), { maxLength: 30 })
  .map((p) => p.join(''));
/** A single line that no sign of the protocol can arise from. */
const line = fc
  .string({ minLength: 1, maxLength: 30, unit: 'grapheme' })
  .map((text) => text.trim())
  .filter((text) => text !== '' && !/[<>\n]/.test(text));
const rationale = line.filter((text) => text.replace(/[. ]+$/, '') !== '');
const pair: fc.Arbitrary<Pair> = fc.oneof(
  fc.record({ question: line, answer: line, kind: fc.constant('plain' as const) }),
  fc.record({ question: line, answer: line, kind: fc.constant('cot' as const), rationale }),
  fc
    .tuple(
      line,
      fc.uniqueArray(line, { minLength: 2, maxLength: 5 }),
      fc.nat(),
      fc.option(rationale, { nil: undefined }),
    )
    .map(([question, options, at, thought]): Pair => {
      const answer = options[at % options.length] ?? '';
      if (thought === undefined) return { question, answer, options, kind: 'option' };
      return { question, answer, options, kind: 'option-cot', rationale: thought };
    }),
);

it('never throws, and all that it returns is valid', () => {
  fc.assert(
    fc.property(noise, (text) => {
      const { pairs } = parseCompletion(text);
      for (const found of pairs) {
        expect(found.question.trim()).not.toBe('');
        expect(found.answer.trim()).not.toBe('');
        expect(hasMarker(found.question + found.answer)).toBe(false);
        expect(found.options?.includes(found.answer) ?? true).toBe(true);
        expect(parseCompletion(pairText(found))).toEqual({ pairs: [found], drops: [] });
      }
    }),
  );
});

it('drops nothing in silence: every piece is a pair or a drop, and stands in the answer', () => {
  fc.assert(
    fc.property(noise, (text) => {
      const { pairs, drops } = parseCompletion(text);
      const segments = text.split(MARK.pairEnd);
      const ended = segments.findIndex((segment) => /^\s*<\/?s>/.test(segment));
      const closed = ended < 0 ? segments.length - 1 : ended;
      const rest = segments.slice(closed).join(MARK.pairEnd);
      const behind = drops.filter(({ reason }) => reason === 'incomplete' || reason === 'afterEnd');
      expect(pairs.length + drops.length - behind.length).toBe(closed);
      expect(behind.length).toBe(/^(?:\s|<\/?s>)*$/.test(rest) ? 0 : 1);
      for (const { segment } of drops) expect(text).toContain(segment);
    }),
    { numRuns: 500 },
  );
});

it('reads back what is written', () => {
  const unique = fc.uniqueArray(pair, { maxLength: 6, selector: (p) => p.question.toLowerCase() });
  fc.assert(
    fc.property(unique, (pairs) => {
      expect(parseCompletion(pairs.map(pairText).join('\n\n'))).toEqual({ pairs, drops: [] });
    }),
  );
});

it('loses only the cut pair when a completion is cut short', () => {
  fc.assert(
    fc.property(fc.array(pair, { minLength: 1, maxLength: 4 }), fc.nat(), (pairs, at) => {
      const whole = pairs.map(pairText).join('\n\n');
      const cut = whole.slice(0, at % whole.length);
      const complete = parseCompletion(whole).pairs;
      const kept = parseCompletion(cut).pairs;
      expect(complete.slice(0, kept.length)).toEqual(kept);
    }),
  );
});
