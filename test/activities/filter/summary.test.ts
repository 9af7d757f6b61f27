import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FILTER_REASONS } from '../../../activities/filter/decide.ts';
import type { Measures } from '../../../activities/filter/measures.ts';
import { reportOf } from '../../../activities/filter/report.ts';
import {
  addPair,
  addSummary,
  commonest,
  emptySummary,
  type PairSummary,
  totalsOf,
} from '../../../activities/filter/summary.ts';
import { canonicalJson } from '../../../lake/hash.ts';
import type { PairKind } from '../../../workflows/contract.ts';

const part = fc.option(fc.double({ min: 0, max: 1, noNaN: true }));
const measures: fc.Arbitrary<Measures> = fc.record({
  grounding: part,
  copy: part,
  questionInContext: part,
  language: part,
  questionLength: fc.nat(300),
  answerLength: fc.nat(300),
  verdict: fc.constantFrom(null, 'yes', 'no'),
  place: fc.constantFrom(null, '1/4', '2/4'),
  opening: fc.constantFrom('what is', 'who', 'constructor', ''),
});
const pairs = fc.array(
  fc.record({
    kind: fc.constantFrom<PairKind>('plain', 'option', 'cot', 'option-cot'),
    measures,
    reason: fc.option(fc.constantFrom(...FILTER_REASONS), { nil: undefined }),
  }),
  { maxLength: 30 },
);
type Counted = Parameters<typeof addPair>[1];
function summed(some: readonly Counted[]): PairSummary {
  const summary = emptySummary();
  for (const each of some) addPair(summary, each);
  return summary;
}

describe('summaries', () => {
  test('add up to the same whichever way the pairs are cut, and in any order', () => {
    fc.assert(
      fc.property(pairs, fc.nat(30), (all, at) => {
        const [a, b] = [summed(all.slice(0, at)), summed(all.slice(at))];
        const sum = emptySummary();
        for (const each of [b, a]) addSummary(sum, JSON.parse(canonicalJson(each)) as PairSummary);
        expect(canonicalJson(sum)).toBe(canonicalJson(summed(all)));
        expect(reportOf(sum)).toEqual(reportOf(summed(all)));
      }),
    );
  });
  test('balance: pairs are kept or dropped, and no bin holds more than there are', () => {
    fc.assert(
      fc.property(pairs, (all) => {
        const summary = summed(all);
        const { pairs: count, kept, dropped } = totalsOf(summary);
        expect(count).toBe(all.length);
        expect(kept + Object.values(dropped).reduce((sum, n) => sum + n, 0)).toBe(count);
        for (const each of Object.values(summary.kinds)) {
          for (const [name, bins] of Object.entries(each.histograms)) {
            const binned = bins.reduce((sum, n) => sum + n, 0);
            expect(binned).toBe(name.endsWith('Length') ? each.pairs : Math.min(binned, each.pairs));
          }
        }
      }),
    );
  });
  test('exactly 1 has a bin of its own', () => {
    const of = (grounding: number): Measures => ({
      grounding,
      copy: null,
      questionInContext: null,
      language: null,
      questionLength: 1,
      answerLength: 1000,
      verdict: null,
      place: null,
      opening: 'what is',
    });
    const all = [0, 0.09, 0.1, 0.99, 1].map((value) => ({
      kind: 'plain',
      measures: of(value),
      reason: undefined,
    }));
    const { histograms } = summed(all as Counted[]).kinds.plain as { histograms: Record<string, number[]> };
    expect(histograms.grounding).toEqual([2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    expect(histograms.copy).toBeUndefined();
    expect(histograms.answerLength?.at(-1)).toBe(5);
  });
  test('the commonest come first, ties by name', () => {
    expect(commonest({ b: 1, a: 1, c: 5, d: 0 }, 3)).toEqual([
      ['c', 5],
      ['a', 1],
      ['b', 1],
    ]);
  });
});
