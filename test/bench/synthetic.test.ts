import { describe, expect, test } from 'vitest';
import { openCorpus, SYNTHETIC } from '../../bench/synthetic/documents.ts';
import { eachShingle, jaccard, openDistinct, shingleSet } from '../../bench/synthetic/shingles.ts';
import { foundProbability } from '../../bench/synthetic/theory.ts';
import { openVocabulary } from '../../bench/synthetic/vocabulary.ts';

const OPTIONS = { ...SYNTHETIC, documents: 4_000 };
const corpus = openCorpus(OPTIONS);
const all = Array.from({ length: OPTIONS.documents }, (_, i) => corpus.wordsOf(i).slice());
const origins = all.map((_, i) => corpus.originOf(i));

describe('a synthetic corpus', () => {
  test('is the same whoever makes which document of it', () => {
    const other = openCorpus(OPTIONS);
    for (const i of [3_999, 17, 0, 2_500]) {
      expect(other.textOf(other.wordsOf(i))).toBe(corpus.textOf(all[i] as Uint32Array));
    }
  });
  test('has words that are all different', () => {
    const { size, bytes } = openVocabulary(100_000);
    const words = Buffer.from(bytes).toString('latin1').trimEnd().split(' ');
    expect(words.slice(0, 3)).toEqual(['ba', 'be', 'bi']);
    expect(words).toHaveLength(size);
    expect(new Set(words).size).toBe(size);
  });
  test('has as many words in a text as it says', () => {
    for (const words of all.slice(0, 50)) expect(corpus.textOf(words).split(' ')).toHaveLength(words.length);
  });
  test('has lengths and shares about as the options say', () => {
    const originals = all.filter((_, i) => origins[i]?.kind === 'original');
    const last = (originals.find((words) => words.length > 5_000) ?? all[0]) as Uint32Array;
    expect(last.length).toBeLessThanOrEqual(OPTIONS.maxWords + OPTIONS.boilerplateWords);
    const ends = new Map<number, number>();
    for (const words of originals) {
      const end = words.at(-1) as number;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
    // Who has the paragraph ends with its last word; few others do.
    expect(Math.max(...ends.values()) / originals.length).toBeGreaterThan(0.45);
    expect(originals.length / all.length).toBeGreaterThan(0.87);
    expect(originals.length / all.length).toBeLessThan(0.93);
    const lengths = originals.map(({ length }) => length).sort((a, b) => a - b);
    expect(lengths[0]).toBe(OPTIONS.minWords);
  });
  test('repeats originals, exactly or about as nearly as it says', () => {
    for (const [i, origin] of origins.entries()) {
      if (origin.kind === 'original') continue;
      expect(origin.of).toBeLessThan(i);
      expect(origins[origin.of]?.kind).toBe('original');
      const [own, first] = [all[i] as Uint32Array, all[origin.of] as Uint32Array];
      if (origin.kind === 'exact') expect(own).toEqual(first);
      else {
        const similarity = jaccard(shingleSet(own), shingleSet(first));
        expect(Math.abs(similarity - origin.similarity)).toBeLessThan(0.16);
      }
    }
  });
  test('has no other documents that are near each other', () => {
    const some = all.filter((_, i) => origins[i]?.kind === 'original').slice(0, 400);
    const sets = some.map(shingleSet);
    for (const [i, a] of sets.entries()) {
      for (const b of sets.slice(i + 1)) expect(jaccard(a, b)).toBeLessThan(0.53);
    }
  });
});

test('different shingles are counted to within 3 %', () => {
  for (const documents of [3, 100, 4_000]) {
    const distinct = openDistinct();
    const exact = new Set<number>();
    for (const words of all.slice(0, documents)) {
      eachShingle(words, distinct.add);
      for (const each of shingleSet(words)) exact.add(each);
    }
    expect(Math.abs(distinct.estimate() / exact.size - 1)).toBeLessThan(0.03);
  }
});

test('what theory expects to be found: all that share a band, when any number of equal values is enough', () => {
  for (const similarity of [0.3, 0.5, 0.8, 0.95]) {
    expect(foundProbability(similarity, 0)).toBeCloseTo(1 - (1 - similarity ** 8) ** 14, 9);
  }
  expect(foundProbability(1, 84)).toBeCloseTo(1, 9);
  expect(foundProbability(0.6, 84)).toBeLessThan(0.001);
});
