import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filteredBy } from '../../../activities/filter/decide.ts';
import { measure } from '../../../activities/filter/measures.ts';
import { contextOf } from '../../../activities/filter/overlap.ts';
import { openAnswered, openQuestions } from '../../../activities/filter/repeats.ts';
import { wordsOf } from '../../../activities/filter/words.ts';
import type { Pair, PairKind } from '../../../workflows/contract.ts';

const KINDS: readonly PairKind[] = ['plain', 'option', 'cot', 'option-cot'];
const context = contextOf(
  'The Nile flows north. It is 6,650 km long, and about 11 countries share its water.',
);
const pair = (question: string, answer: string, more: Partial<Pair> = {}): Pair => ({
  question,
  answer,
  kind: 'plain',
  ...more,
});
const measured = (question: string, answer: string, more: Partial<Pair> = {}) =>
  measure(pair(question, answer, more), context);

describe('words', () => {
  test('are letters, marks and numbers that stand together, folded; ideographs stand alone', () => {
    expect(wordsOf('  Ｆｏｏ-BAR, 6,650 naïve İx')).toEqual(['foo', 'bar', '6', '650', 'naïve', 'i̇x']);
    expect(wordsOf('水は H2O だ')).toEqual(['水', 'は', 'h2o', 'だ']);
    expect(wordsOf('… — \u{1f600}')).toEqual([]);
  });
});

describe('measures', () => {
  test('an answer out of the text is grounded, one of other words is not', () => {
    expect(measured('Where to?', 'It flows north.')).toMatchObject({
      grounding: 1,
      copy: null,
      answerLength: 3,
    });
    expect(measured('Where to?', 'South, they say')).toMatchObject({ grounding: 0 });
    expect(measured('Where to?', 'north or south')).toMatchObject({ grounding: 1 / 3 });
  });
  test('"Yes" has no grounding, but what was thought to come to it has', () => {
    expect(measured('Is it long?', 'Yes.')).toMatchObject({ grounding: null, verdict: 'yes' });
    const thought = measured('Is it long?', 'Yes', { kind: 'cot', rationale: 'It is 6,650 km long' });
    expect(thought).toMatchObject({ grounding: 1, verdict: 'yes', copy: 1 });
    expect(measured('Is it?', 'Yes, it is')).toMatchObject({ verdict: null });
  });
  test('the copy rate is of runs of five words', () => {
    expect(measured('q', 'It is 6,650 km long')).toMatchObject({ copy: 1 });
    expect(measured('q', 'It is 6,650 km long or so')).toMatchObject({ copy: 2 / 4 });
    expect(measured('Say: the Nile flows north it', 'x')).toMatchObject({ questionInContext: 1 / 2 });
  });
  test('a run that ends in the middle of a word is no copy', () => {
    const [known, answer] = ['one two three four fives', 'one two three four five'];
    expect(measure(pair('q', answer), contextOf(known)).copy).toBe(0);
  });
  test('place of the answer, opening, lengths', () => {
    const options = ['north', 'south', 'east'];
    expect(measured('Which way DOES it flow?', 'south', { kind: 'option', options })).toMatchObject({
      place: '2/3',
      opening: 'which way',
      questionLength: 5,
      answerLength: 1,
    });
    expect(measured('…', 'x')).toMatchObject({ opening: '', place: null });
  });
  test('the language is that of the text, or scores less', () => {
    const language = (question: string, answer: string) => measured(question, answer).language;
    expect(language('Which of these is true about the river?', 'It flows through many countries.')).toBe(1);
    expect(language('Quelle est la longueur du Nil ?', 'Environ 6650 kilomètres de long.')).toBeLessThan(0.7);
    expect(language('この川はどのくらい長いですか、そしてどこを流れますか', 'とても長いです')).toBe(0);
    expect(language('How long?', 'Yes')).toBeNull();
    expect(measure(pair('Which of these is true about it?', 'None of them.'), contextOf('42'))).toMatchObject(
      {
        language: null,
      },
    );
  });
  test('a text without spaces makes no long opening', () => {
    const { opening } = measured('x'.repeat(10_000), 'a');
    expect(opening.length).toBeLessThan(40);
  });
  test('parts are from 0 to 1 or null, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, answer) => {
        const { grounding, copy, questionInContext, language } = measure(
          pair(answer, answer),
          contextOf(text),
        );
        for (const value of [grounding, copy, questionInContext, language]) {
          expect(value === null || (value >= 0 && value <= 1)).toBe(true);
        }
        const own = measure(pair('q', answer), contextOf(`x ${answer} y`));
        expect([null, 1]).toContain(own.grounding);
        expect([null, 1]).toContain(own.copy);
      }),
      { numRuns: 40 },
    );
  });
});

describe('filters', () => {
  const strict = (kinds: readonly PairKind[]) => ({
    grounding: { min: 1, kinds },
    copy: { max: 0, kinds },
    questionLength: { min: 2, max: 3, kinds },
    answerLength: { max: 4, kinds },
  });
  test('drop by the first that a pair does not pass', () => {
    const by = (question: string, answer: string) =>
      filteredBy(measured(question, answer), 'plain', strict(KINDS));
    expect(by('Where to?', 'It flows south')).toBe('grounding');
    expect(by('Where to?', 'It is 6,650 km long')).toBe('copy');
    expect(by('Where?', 'north')).toBe('questionLength');
    expect(by('Where does it flow?', 'north')).toBe('questionLength');
    expect(by('Where to?', 'it north Nile is km')).toBe('answerLength');
    expect(by('Where to?', 'It flows north')).toBeUndefined();
    expect(by('Is it?', 'Yes')).toBeUndefined();
  });
  test('drop nothing of the kinds they do not name', () => {
    for (const kind of KINDS) {
      const measures = measured('Where to?', 'southwards', { kind });
      const others = KINDS.filter((each) => each !== kind);
      expect(filteredBy(measures, kind, strict(others))).toBeUndefined();
      expect(filteredBy(measures, kind, strict([kind]))).toBe('grounding');
      expect(filteredBy(measures, kind, {})).toBeUndefined();
    }
  });
});

describe('repeats', () => {
  test('of a question inside a text: the first stays; another text may ask it too', () => {
    const { repeats } = openQuestions();
    const asked = (text: string, question: string) => repeats(text, pair(question, question));
    expect([asked('a', 'Who?'), asked('a', 'ＷＨＯ?'), asked('a', 'When?')]).toEqual([false, true, false]);
    expect([asked('b', 'who?'), asked('b', 'who?')]).toEqual([false, true]);
  });
  test('of question and answer in another text', () => {
    const { elsewhere } = openAnswered();
    expect(elsewhere('a', pair('Who?', 'He'))).toBe(false);
    expect(elsewhere('a', pair('Who?', 'He'))).toBe(false);
    expect(elsewhere('b', pair('Who?', 'She'))).toBe(false);
    expect(elsewhere('b', pair('WHO?', 'he'))).toBe(true);
  });
});
