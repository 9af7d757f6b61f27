import { BANDS, bandKey, signatureOf, VALUES } from '../../../activities/dedupe/signature.ts';
import { wordsOf } from '../../../activities/filter/words.ts';
import { sha256 } from '../../../lake/hash.ts';
import { normaliseForDedupe } from '../../../lake/unicode/normalise.ts';

/* The rule of near-duplicates once more, in memory and without its tricks, so that it can be asked with other thresholds. */

/** A text, and what the rule looks at. */
export interface Fingerprint {
  hash: string;
  words: string[];
  shingles: ReadonlySet<string>;
  /** The lower 16 bits of each value; undefined for short texts. */
  signature: Uint16Array | undefined;
  bands: bigint[];
}
export interface Dropped {
  dropped: number;
  kept: number;
  kind: 'exact' | 'near';
  similarity: number;
}

export function fingerprint(text: string): Fingerprint {
  const folded = normaliseForDedupe(text);
  const words = wordsOf(text);
  const shingles = new Set<string>();
  for (let i = 0; i + 5 <= words.length; i++) shingles.add(words.slice(i, i + 5).join(' '));
  const values = signatureOf(folded);
  return {
    hash: sha256(folded),
    words,
    shingles,
    signature: values && Uint16Array.from(values, (value) => value & 0xffff),
    bands: values === undefined ? [] : Array.from({ length: BANDS }, (_, band) => bandKey(values, band)),
  };
}

export function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const each of a) if (b.has(each)) common++;
  return common / Math.max(a.size + b.size - common, 1);
}

export function estimate(a: Uint16Array, b: Uint16Array): number {
  let equal = 0;
  for (let i = 0; i < VALUES; i++) if (a[i] === b[i]) equal++;
  return equal / VALUES;
}

/**
 * Who is dropped, and for whom, in keep order: for an earlier kept one with the same hash, else for the most similar of the
 * earlier kept ones that have a band in common, where that is similar enough.
 */
export function dropNear(
  documents: readonly Fingerprint[],
  threshold: number,
  similarity: (a: Fingerprint, b: Fingerprint) => number,
): Dropped[] {
  const verdicts: Dropped[] = [];
  const byHash = new Map<string, number>();
  const buckets = Array.from({ length: BANDS }, () => new Map<bigint, number[]>());
  for (const [i, document] of documents.entries()) {
    const same = byHash.get(document.hash);
    if (same !== undefined) {
      verdicts.push({ dropped: i, kept: same, kind: 'exact', similarity: 1 });
      continue;
    }
    const met = new Set(document.bands.flatMap((key, band) => buckets[band]?.get(key) ?? []));
    let best: Dropped | undefined;
    for (const kept of [...met].sort((a, b) => a - b)) {
      const value = similarity(document, documents[kept] as Fingerprint);
      if (value >= threshold && value > (best?.similarity ?? 0))
        best = { dropped: i, kept, kind: 'near', similarity: value };
    }
    if (best !== undefined) {
      verdicts.push(best);
      continue;
    }
    byHash.set(document.hash, i);
    for (const [band, key] of document.bands.entries()) {
      const bucket = buckets[band]?.get(key);
      if (bucket === undefined) buckets[band]?.set(key, [i]);
      else bucket.push(i);
    }
  }
  return verdicts;
}

/** By the signatures alone, as dedupe does by default. */
export const estimated = (a: Fingerprint, b: Fingerprint): number =>
  a.signature === undefined || b.signature === undefined ? 0 : estimate(a.signature, b.signature);
/** By the shingles themselves. */
export const exact = (a: Fingerprint, b: Fingerprint): number => jaccard(a.shingles, b.shingles);

/** Part of the words of both texts that the other has not, each as often as it stands there. */
export function wordsThatDiffer(a: readonly string[], b: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const word of a) counts.set(word, (counts.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of b) {
    const left = counts.get(word) ?? 0;
    if (left === 0) continue;
    common++;
    counts.set(word, left - 1);
  }
  return 1 - (2 * common) / Math.max(a.length + b.length, 1);
}
