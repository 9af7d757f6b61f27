import type { Corpus } from '../../../bench/synthetic/documents.ts';
import { jaccard, shingleSet } from '../../../bench/synthetic/shingles.ts';
import { foundProbability } from '../../../bench/synthetic/theory.ts';

/** A dropped document and the one that it was dropped for, by their numbers. */
export interface DroppedDocument {
  document: number;
  kept: number;
  kind: 'exact' | 'near';
  similarity: number;
}
/** What was found of the planted, and what was dropped without being one. */
export interface Truth {
  exact: { planted: number; found: number };
  /** By the similarity that a near-duplicate was made for. `expected`: what theory says of the true similarities. */
  near: { similarity: number; planted: number; found: number; expected: number }[];
  /** Dropped as near-duplicates, and of these with a true similarity under the threshold, to the one that they name. */
  droppedNear: { all: number; under: number; under65: number; leastSimilarity: number; meanError: number };
  /** Dropped in favour of one that they have nothing planted in common with. */
  strangers: { exact: number; near: number };
}

/**
 * Whether as many are found as theory says, but for chance (three standard deviations) and half a point. At the threshold up
 * to 12 points more may be: docs/scale.md says why.
 */
export function isAsExpected({
  planted,
  found,
  expected,
}: Omit<Truth['near'][number], 'similarity'>): boolean {
  const chance = 3 * Math.sqrt(expected * (1 - expected / planted)) + 1;
  return found >= expected - 0.005 * planted - chance && found <= expected + 0.12 * planted + chance;
}

/** Holds what was dropped against how each document came about. `least` is the fewest equal values of a near-duplicate. */
export function truthOf(
  corpus: Corpus,
  dropped: Iterable<DroppedDocument>,
  { threshold, least }: { threshold: number; least: number },
): Truth {
  const { documents, similarities } = corpus.options;
  const keptFor = new Map<number, DroppedDocument>();
  const truth: Truth = {
    exact: { planted: 0, found: 0 },
    near: similarities.map((similarity) => ({ similarity, planted: 0, found: 0, expected: 0 })),
    droppedNear: { all: 0, under: 0, under65: 0, leastSimilarity: 1, meanError: 0 },
    strangers: { exact: 0, near: 0 },
  };
  const familyOf = (document: number): number => {
    const origin = corpus.originOf(document);
    return origin.kind === 'original' ? document : origin.of;
  };
  const setOf = (document: number): Set<number> => shingleSet(corpus.wordsOf(document));
  for (const each of dropped) {
    keptFor.set(each.document, each);
    if (familyOf(each.document) !== familyOf(each.kept)) truth.strangers[each.kind]++;
    if (each.kind === 'exact') continue;
    const similarity = jaccard(setOf(each.document), setOf(each.kept));
    const near = truth.droppedNear;
    near.all++;
    if (similarity < threshold) near.under++;
    if (similarity < 0.65) near.under65++;
    near.leastSimilarity = Math.min(near.leastSimilarity, similarity);
    near.meanError += Math.abs(each.similarity - similarity);
  }
  truth.droppedNear.meanError /= Math.max(1, truth.droppedNear.all);
  for (let i = 0; i < documents; i++) {
    const origin = corpus.originOf(i);
    if (origin.kind === 'original') continue;
    const verdict = keptFor.get(i);
    const found = verdict !== undefined && familyOf(verdict.kept) === origin.of ? 1 : 0;
    if (origin.kind === 'exact') {
      truth.exact.planted++;
      truth.exact.found += found;
      continue;
    }
    const row = truth.near[similarities.indexOf(origin.similarity)] as Truth['near'][number];
    row.planted++;
    row.found += found;
    row.expected += foundProbability(jaccard(setOf(i), setOf(origin.of)), least);
  }
  return truth;
}
