import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gopherRepetition } from '../../../../activities/scan/quality/gopher-repetition.ts';
import { readText } from '../../../../activities/scan/quality/rule.ts';
import type { GopherRepetitionSpec } from '../../../../workflows/contract.ts';
import { limits, times, verdictOf } from './rules.ts';

const OFF: Required<GopherRepetitionSpec> = {
  maxDuplicateLines: 1,
  maxDuplicateParagraphs: 1,
  maxDuplicateLineCharacters: 1,
  maxDuplicateParagraphCharacters: 1,
  maxTopGrams: [1, 1, 1],
  maxDuplicateGrams: [1, 1, 1, 1, 1, 1],
};
const ruleOf = (spec: true | GopherRepetitionSpec) => {
  const { gopherRepetition: filled } = limits({ gopherRepetition: spec });
  if (filled === undefined) throw new Error('the rule is asked for');
  return gopherRepetition(filled);
};
/** The paper's threshold alone. */
const only = (name: keyof GopherRepetitionSpec) => {
  const filled = limits({ gopherRepetition: true }).gopherRepetition;
  return ruleOf({ ...OFF, [name]: filled?.[name] });
};
/** Different words of five letters. */
const word = (i: number): string => String.fromCharCode(97 + (i % 26)) + String(10_000 + i).slice(1);
const some = (count: number, from = 0): string => times(count, (i) => word(from + i));

describe('thresholds of table A1, each at both sides', () => {
  test.each([
    [
      'lines: 3 of 10',
      'maxDuplicateLines',
      `${times(4, () => 'same', '\n')}\n${times(6, word, '\n')}`,
      'passes',
    ],
    [
      'lines: 4 of 13',
      'maxDuplicateLines',
      `${times(5, () => ' same', '\n\n')}\n${times(8, word, '\n')}`,
      'duplicateLines',
    ],
    [
      'paragraphs: 3 of 10',
      'maxDuplicateParagraphs',
      `${times(4, () => 'a\nb', '\n\n')}\n\n${times(6, word, '\n\n')}`,
      'passes',
    ],
    [
      'paragraphs: 4 of 13',
      'maxDuplicateParagraphs',
      `${times(5, () => 'a\nb', '\n \n')}\n\n${times(8, word, '\n\n')}`,
      'duplicateParagraphs',
    ],
    // A hundred characters: lines of five.
    [
      'characters of lines: 20 of 100',
      'maxDuplicateLineCharacters',
      `${times(5, () => 's ame', '\n').replaceAll('s ame', 'sa meX')}\n${times(15, word, '\n')}`,
      'passes',
    ],
    [
      'characters of lines: 20 of 99',
      'maxDuplicateLineCharacters',
      `${times(5, () => 'sameX', '\n')}\n${times(14, word, '\n')}\nlast`,
      'duplicateLineCharacters',
    ],
    [
      'characters of paragraphs: 20 of 100',
      'maxDuplicateParagraphCharacters',
      `${times(5, () => 'sa\nmeX', '\n\n')}\n\n${times(15, word, '\n')}`,
      'passes',
    ],
    [
      'characters of paragraphs: 20 of 99',
      'maxDuplicateParagraphCharacters',
      `${times(5, () => 'sa\nmeX', '\n\n')}\n\n${times(14, word, '\n')}\nlast`,
      'duplicateParagraphCharacters',
    ],
    // Words of five letters: a run of n twice is 2n of all words.
    ['two words: 4 of 20', 'maxTopGrams', `${some(2)} ${some(16, 50)} ${some(2)}`, 'passes'],
    ['two words: 4 of 19', 'maxTopGrams', `${some(2)} ${some(15, 50)} ${some(2)}`, 'top2Grams'],
    ['three words: 6 of 34', 'maxTopGrams', `${some(3)} ${some(28, 50)} ${some(3)}`, 'passes'],
    ['three words: 6 of 33', 'maxTopGrams', `${some(3)} ${some(27, 50)} ${some(3)}`, 'top3Grams'],
    ['four words: 8 of 50', 'maxTopGrams', `${some(4)} ${some(42, 50)} ${some(4)}`, 'passes'],
    ['four words: 8 of 49', 'maxTopGrams', `${some(4)} ${some(41, 50)} ${some(4)}`, 'top4Grams'],
    ['words that come once', 'maxTopGrams', 'a b c', 'passes'],
    ...[0.15, 0.14, 0.13, 0.12, 0.11, 0.1].flatMap((limit, i) => {
      const n = i + 5;
      const most = Math.floor(n / limit + 1e-9);
      const text = (all: number): string => `${some(n)} ${some(all - 2 * n, 50)} ${some(n)}`;
      // The run again is n of all words; up to `limit` of them it passes. Longer runs are let pass by themselves.
      return [
        [`${n} words again, of ${most + 1}`, n, text(most + 1), 'passes'],
        [`${n} words again, of ${most - 1}`, n, text(most - 1), `duplicate${n}Grams`],
      ] as const;
    }),
  ] as const)('%s', (_, name, text, verdict) => {
    if (typeof name === 'string') {
      expect(verdictOf(only(name), text)).toBe(verdict);
      return;
    }
    const filled = limits({ gopherRepetition: true }).gopherRepetition?.maxDuplicateGrams ?? [];
    const alone = OFF.maxDuplicateGrams.map((off, i) => (i === name - 5 ? (filled[i] as number) : off));
    const rule = ruleOf({ ...OFF, maxDuplicateGrams: alone as typeof OFF.maxDuplicateGrams });
    expect(verdictOf(rule, text)).toBe(verdict);
  });
});

test('a text that says nothing twice passes, and one that repeats itself is told in words', () => {
  const rule = ruleOf(true);
  expect(verdictOf(rule, some(400))).toBe('passes');
  expect(rule(readText(times(20, () => 'Buy now.', '\n')))).toEqual({
    threshold: 'duplicateLines',
    detail: '0.95, more than 0.3, of the lines stand earlier',
  });
  expect(rule(readText(times(50, () => 'spam')))).toEqual({
    threshold: 'top2Grams',
    detail: '1, more than 0.2, of the characters are of one run of 2 words',
  });
  expect(verdictOf(rule, '')).toBe('passes');
});

/** What the rule's comment says, word by word, and slowly. */
function slowly(words: string[], n: number): { top: number; again: number } {
  const all = words.join('').length;
  const run = (i: number): string[] => words.slice(i, i + n);
  const counts = new Map<string, number>();
  for (let i = 0; i + n <= words.length; i++) {
    const key = JSON.stringify(run(i));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const most = Math.max(...counts.values());
  const sizes = [...counts]
    .filter(([, count]) => count === most)
    .map(([key]) => JSON.parse(key).join('').length);
  const top = most < 2 ? 0 : Math.min(1, (most * Math.max(...sizes)) / all);
  const seen = new Set<string>();
  let again = 0;
  for (let i = 0; i + n <= words.length; ) {
    const key = JSON.stringify(run(i));
    if (seen.has(key)) again += run(i).join('').length;
    i += seen.has(key) ? n : 1;
    seen.add(key);
  }
  return { top, again: again / all };
}

test('runs of words are found as one would find them by hand', () => {
  const vocabulary = fc.constantFrom('a', 'bb', 'ccc', 'dd', 'E');
  fc.assert(
    fc.property(fc.array(vocabulary, { minLength: 11, maxLength: 60 }), (words) => {
      const text = words.join(' ');
      for (const n of [2, 3, 4, 5, 6, 7, 8, 9, 10]) {
        const { top, again } = slowly(words, n);
        const value = n < 5 ? top : again;
        const at = n < 5 ? n - 2 : n - 5;
        const name = n < 5 ? 'maxTopGrams' : 'maxDuplicateGrams';
        const rule = (limit: number) =>
          ruleOf({ ...OFF, [name]: OFF[name].map((off, i) => (i === at ? limit : off)) });
        expect(verdictOf(rule(value), text)).toBe('passes');
        if (value > 0) expect(verdictOf(rule(value - 1e-6), text)).toMatch(new RegExp(`${n}Grams`));
      }
    }),
    { numRuns: 200 },
  );
});
