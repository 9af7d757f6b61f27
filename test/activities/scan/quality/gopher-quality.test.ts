import { describe, expect, test } from 'vitest';
import { gopherQuality } from '../../../../activities/scan/quality/gopher-quality.ts';
import { readText } from '../../../../activities/scan/quality/rule.ts';
import type { GopherQualitySpec } from '../../../../workflows/contract.ts';
import { limits, times, verdictOf } from './rules.ts';

const ruleOf = (spec: true | GopherQualitySpec) => {
  const { gopherQuality: filled } = limits({ gopherQuality: spec });
  if (filled === undefined) throw new Error('the rule is asked for');
  return gopherQuality(filled);
};
const RULE = ruleOf(true);
/** Words that pass, and with them two stop words. */
const prose = (words: number): string => `the ${times(words - 2, () => 'water')} and`;

describe("Gopher's thresholds, each at both sides", () => {
  test.each([
    ['49 words', prose(49), 'words'],
    ['50 words', prose(50), 'passes'],
    ['100,000 words', prose(100_000), 'passes'],
    ['100,001 words', prose(100_001), 'words'],
    // Of 100 words, 2 are the stop words.
    ['a mean of 2.99', `the and ${times(97, () => 'abc')} ab`, 'meanWordLength'],
    ['a mean of 3', `the and ${times(98, () => 'abc')}`, 'passes'],
    ['a mean of 10', `the and ${times(84, () => 'abcdefghij')} ${times(14, () => 'abcdefghijk')}`, 'passes'],
    [
      'a mean of 10.01',
      `the and ${times(83, () => 'abcdefghij')} ${times(15, () => 'abcdefghijk')}`,
      'meanWordLength',
    ],
    ['10 number signs of 100 words', `${prose(90)} ${times(10, () => '#')}`, 'passes'],
    ['11 number signs of 100 words', `${prose(89)} ${times(11, () => '#tag')}`, 'symbols'],
    ['11 ellipses of 100 words', `${prose(89)} ${times(6, () => 'so...')} ${times(5, () => '…')}`, 'symbols'],
    ['10 of each', `${times(10, () => '#a...')} ${prose(90)}`, 'passes'],
    ['9 of 10 lines with a bullet', `${times(9, () => `• ${prose(8)}`, '\n')}\n${prose(9)}`, 'passes'],
    [
      '10 of 11 lines with a bullet',
      `${times(10, (i) => `${'•-*–'[i % 4]} ${prose(8)}`, '\n\n')}\n${prose(9)}`,
      'bulletLines',
    ],
    ['lines that begin with a minus', times(20, () => `-5 ${prose(8)}`, '\n'), 'passes'],
    [
      '3 of 10 lines end in an ellipsis',
      `${times(3, () => `${prose(12)}…`, '\n')}\n${times(7, () => prose(12), '\n')}`,
      'passes',
    ],
    [
      '4 of 13 lines end in an ellipsis',
      `${times(4, () => `${prose(12)}... `, '\n')}\n${times(9, () => prose(12), '\n')}`,
      'ellipsisLines',
    ],
    ['20 of 100 words without a letter', `${prose(80)} ${times(20, (i) => String(1000 + i))}`, 'passes'],
    [
      '21 of 100 words without a letter',
      `${prose(79)} ${times(21, (i) => String(1000 + i))}`,
      'alphabeticWords',
    ],
    ['one stop word, often', times(60, () => 'the water'), 'stopWords'],
    ['two stop words, among capitals and signs', `${times(60, () => 'water')} "The (AND)`, 'passes'],
    ['stop words inside of others', times(60, () => 'other and-or bother'), 'stopWords'],
  ])('%s', (_, text, verdict) => {
    expect(verdictOf(RULE, text)).toBe(verdict);
  });
});

test('what was found is told in words', () => {
  const detailOf = (text: string): string | undefined => RULE(readText(text))?.detail;
  expect(detailOf('too short')).toBe('2 words, fewer than 50');
  expect(detailOf(`the and ${times(98, () => 'ab')}`)).toBe(
    'words of 2.02 characters on average, fewer than 3',
  );
  expect(detailOf(`${prose(79)} ${times(21, () => '1,000')}`)).toBe(
    '0.79, less than 0.8, of the words have a letter',
  );
});

test('thresholds of a spec take the place of the paper’s', () => {
  expect(verdictOf(ruleOf({ minWords: 2 }), 'the and')).toBe('passes');
  expect(verdictOf(ruleOf({ minWords: 2, maxWords: 2 }), 'the and a')).toBe('words');
  expect(
    verdictOf(
      ruleOf({ minStopWords: 0 }),
      times(50, () => 'water'),
    ),
  ).toBe('passes');
  const german = ruleOf({ minWords: 0, stopWords: ['Der', 'und', 'für'] });
  expect(verdictOf(german, 'DER Fluss und, das Meer')).toBe('passes');
  expect(verdictOf(german, 'the river and the sea')).toBe('stopWords');
});

describe('scripts without spaces', () => {
  const rule = ruleOf({ minWords: 4, stopWords: ['的', '是', '水'] });
  test('have a word for each character, whose length says nothing', () => {
    expect(verdictOf(rule, '水是生命的源泉。')).toBe('passes');
    expect(verdictOf(rule, '水是。')).toBe('words');
    expect(verdictOf(rule, '水是生命 pneumonoultramicroscopicsilicovolcanoconiosis')).toBe('passes');
  });
  test('lose their freedom from word lengths where most words are between spaces', () => {
    expect(verdictOf(rule, '水是 a b')).toBe('meanWordLength');
  });
});
