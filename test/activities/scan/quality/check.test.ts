import { describe, expect, test } from 'vitest';
import { firstRejection } from '../../../../activities/scan/check.ts';
import { qualityChecks } from '../../../../activities/scan/quality/check.ts';
import { samplePassages } from '../../../../client/sample/index.ts';
import type { QualitySpec } from '../../../../workflows/contract.ts';
import { limits, times } from './rules.ts';

const PLACE = { key: 'raw/a.parquet', row: 0 };
const reasonOf = (spec: QualitySpec, text: string): string | undefined =>
  firstRejection(qualityChecks(limits(spec)), text, PLACE)?.reason;
const ALL: QualitySpec = { gopherRepetition: true, gopherQuality: true, language: { allow: ['eng'] } };

test('without rules there is nothing to check', () => {
  expect(qualityChecks(undefined)).toEqual([]);
  expect(qualityChecks({})).toEqual([]);
});
test('the sample passes', () => {
  for (const { text } of samplePassages()) expect(reasonOf(ALL, text), text).toBeUndefined();
});
test('language, quality, repetition: the first that finds something says why, however the spec is written', () => {
  const french = times(30, () => 'Tous les êtres humains naissent libres et égaux en dignité et en droits.');
  expect(reasonOf(ALL, french)).toBe('quality:language');
  const { language: _, ...others } = ALL;
  expect(reasonOf(others, french)).toBe('quality:gopherQuality.stopWords');
  expect(reasonOf({ gopherRepetition: true }, french)).toBe('quality:gopherRepetition.top2Grams');
  expect(reasonOf({}, french)).toBeUndefined();
});

describe('a megabyte of anything is read in one go', () => {
  const size = 1_000_000;
  const fill = (piece: string): string => piece.repeat(Math.floor(size / piece.length));
  test.each([
    ['one word', fill('x')],
    ['one letter, often', fill('a ')],
    ['lines', fill('a\n')],
    ['paragraphs', fill('a\n\n')],
    ['blank lines', `a${fill('\n')}b`],
    ['white space', `a${fill(' ')}b`],
    ['lines with white space behind them', fill(`x${' '.repeat(60)}\n`)],
    ['full stops', fill('.')],
    ['number signs', fill('#')],
    ['bullets', fill('- ')],
    ['ideographs', fill('水火木金土')],
    ['halves of surrogate pairs', fill('\ud800')],
    ['words that are all different', times(100_000, (i) => (i + 100_000_000).toString(36))],
  ])(
    '%s',
    (_, text) => {
      for (const rule of ['gopherQuality', 'gopherRepetition'] as const) {
        expect(reasonOf({ [rule]: true }, text) ?? `quality:${rule}.`).toContain(`quality:${rule}.`);
      }
      // With all thresholds out of the way, so that every step is taken.
      const open: QualitySpec = {
        language: { allow: ['eng'], minScore: 0 },
        gopherQuality: {
          maxWords: 1e9,
          maxMeanWordLength: 1e9,
          minWords: 0,
          minMeanWordLength: 0,
          maxSymbols: 1e9,
          maxBulletLines: 1,
          maxEllipsisLines: 1,
          minAlphabeticWords: 0,
          minStopWords: 0,
        },
        gopherRepetition: {
          maxDuplicateLines: 1,
          maxDuplicateParagraphs: 1,
          maxDuplicateLineCharacters: 1,
          maxDuplicateParagraphCharacters: 1,
          maxTopGrams: [1, 1, 1],
          maxDuplicateGrams: [1, 1, 1, 1, 1, 1],
        },
      };
      expect(reasonOf(open, text) ?? 'quality:language').toBe('quality:language');
    },
    60_000,
  );
});
