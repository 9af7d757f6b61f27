import { describe, expect, it } from 'vitest';
import { BANDS, VALUES } from '../../activities/dedupe/signature.ts';
import { agreementOf } from '../../bench/dedupe/agreement.ts';
import { curvePlot } from '../../bench/dedupe/curve-plot.ts';
import { editedCopies, RATES } from '../../bench/dedupe/edits.ts';
import { figuresOf, meanOf, theory } from '../../bench/dedupe/figures.ts';
import { jaccard, shingleSets } from '../../bench/dedupe/jaccard.ts';
import { plantedDocuments, SPELLINGS, spelled } from '../../bench/dedupe/planted.ts';

const similarityOf = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const [first = new Uint32Array(), second = new Uint32Array()] = shingleSets([a, b]);
  return jaccard(first, second);
};

describe('exact similarity', () => {
  it.each([
    ['the same', [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], 1],
    ['one of two shingles each', [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 7], 1 / 3],
    ['sets, however often a shingle comes', [1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1], 1],
    ['nothing in common', [1, 2, 3, 4, 5], [5, 4, 3, 2, 1], 0],
    ['no shingle at all', [1, 2, 3, 4], [1, 2, 3, 4], 0],
  ])('%s', (_, a, b, expected) => expect(similarityOf(a, b)).toBe(expected));
  it('refuses words that it cannot tell apart', () => {
    expect(() => shingleSets([[0, 0, 0, 0, 2 ** 17]])).toThrow(RangeError);
  });
});

describe('planted documents', () => {
  const { documents, group } = plantedDocuments(200, 20_000);
  it('are the same each time, and similar within their group alone', () => {
    expect(plantedDocuments(200, 20_000).documents).toEqual(documents);
    const sets = shingleSets(documents);
    const of = (a: number, b: number): number =>
      jaccard(sets[a] ?? new Uint32Array(), sets[b] ?? new Uint32Array());
    const within = documents.map((_, i) => of(i, i - (i % group)));
    expect(Math.min(...within)).toBeGreaterThan(0.3);
    expect(documents.every((_, i) => i % group !== 0 || of(i, (i + group) % documents.length) === 0)).toBe(
      true,
    );
  });
  it('have their similarities in every spelling', () => {
    const vocabulary = Array.from({ length: 20_000 }, (_, i) => `w${i}`);
    const texts = Array.from({ length: SPELLINGS }, (_, i) => spelled(documents.slice(0, 2), vocabulary, i));
    expect(new Set(texts.map(([first]) => first)).size).toBe(SPELLINGS);
    const numbers = (text: string): number[] => text.split(' ').map((word) => Number(word.slice(1)));
    const all = texts.map(([a = '', b = '']) => similarityOf(numbers(a), numbers(b)));
    expect(new Set(all).size).toBe(1);
  });
});

describe('edited copies', () => {
  it('have words replaced at the rate, white space as it was, the same each time', () => {
    const text = Array.from({ length: 5_000 }, (_, i) => `word${i}${i % 7 === 0 ? '\n\n' : ' '}`).join('');
    const copies = editedCopies([{ id: 'a', text }]);
    expect(editedCopies([{ id: 'a', text }])).toEqual(copies);
    expect(copies[0]).toEqual([{ id: 'a/0', text }]);
    for (const [i, [copy]] of copies.entries()) {
      const words = copy?.text.split(/\s+/) ?? [];
      const changed = text.split(/\s+/).filter((word, at) => word !== words[at]).length / 5_000;
      expect(Math.abs(changed - (RATES[i] ?? 0))).toBeLessThan(0.01);
      expect(copy?.text.replace(/\S+/g, '')).toBe(text.replace(/\S+/g, ''));
    }
  });
});

describe('figures', () => {
  /** Documents of one value in all places, but for `other` places of the second. */
  const values = (...all: { of: number; other?: number }[]): Uint16Array =>
    Uint16Array.from(
      all.flatMap(({ of, other = 0 }) => Array.from({ length: VALUES }, (_, i) => (i < other ? 999 : of))),
    );
  const keys = (...all: string[]): string[] =>
    all.flatMap((own) => Array.from({ length: BANDS }, (_, band) => (band === 0 ? own : `${own}/${band}`)));

  it('count who meets in a band, and who is found at the threshold', () => {
    const found = figuresOf(
      {
        values: values({ of: 1 }, { of: 1, other: 12 }, { of: 2 }, { of: 2, other: 56 }, { of: 2, other: 0 }),
        // The first two meet, the third and fourth meet without being similar, the third and fifth do not.
        keys: keys('a', 'a', 'b', 'b', 'c'),
      },
      [
        { a: 0, b: 1, jaccard: 0.9 },
        { a: 2, b: 3, jaccard: 0.5 },
        { a: 2, b: 4, jaccard: 0.9 },
      ],
      0.75,
    );
    expect(found).toMatchObject({ recall: 0.5, precision: 1, predicted: 1, strangers: 0 });
    const step = found.steps.find(({ pairs }) => pairs === 2);
    expect(step?.met).toBe(0.5);
    expect(step?.theory).toBeCloseTo(theory(0.9), 12);
    expect(curvePlot([['ours', meanOf([found, found])]], 0.75)).toContain('recall 50.0 %, precision 100.0 %');
  });
  it('theory is that of 14 bands of 8', () => {
    expect(theory(0.8)).toBeCloseTo(0.9235, 3);
    expect([theory(0), theory(1)]).toEqual([0, 1]);
  });
});

describe('agreement', () => {
  it('tells why one drops what the other keeps', () => {
    const words = (from: number): string => Array.from({ length: 40 }, (_, i) => `w${from + i}`).join(' ');
    // 0 and 1 are alike, 2 is like 1 alone; 3 and 4 are alike; 5 stands alone here and is a duplicate there.
    const texts = [words(0), words(4), words(12), words(100), words(100), words(200)];
    const agreement = agreementOf(
      {
        ours: new Set([1, 4]),
        theirs: new Set([1, 2, 3, 5]),
        clusters: new Map([
          [0, 0],
          [1, 0],
          [2, 0],
          [3, 1],
          [4, 1],
          [5, 2],
        ]),
      },
      texts.length,
      0.75,
      (i) => texts[i] ?? '',
    );
    expect(agreement).toEqual({
      documents: 6,
      both: 1,
      neither: 1,
      onlyOurs: { theyKeepIt: 1, notMet: 0 },
      onlyTheirs: { weKeepTheFirst: 2, others: 1, looked: 1, below: 1 },
    });
  });
});
