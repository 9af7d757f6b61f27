import { VALUES } from './signature.ts';

/** What is held of kept documents, by slot, to compare others with. */
export interface Comparer {
  /** The lowest score that makes a document a near-duplicate. */
  readonly least: number;
  /** Takes a document up, which the next calls are about. */
  take(document: Compared): void;
  /** Its score with the document of a slot, above 0; -1 where that is below `least`, which is found out early. */
  score(slot: number, least: number): number;
  /** Holds it; slots are numbered from 0. */
  hold(): number;
}
/** A document by its signature, as it is kept, and by its set of shingles where the spec asks for exact verification. */
export interface Compared {
  signature: Uint16Array;
  shingles?: Uint32Array;
}

/** How similarity is told: with what comparers work, and what their scores mean. */
export interface Measure {
  open(): Comparer;
  /** The similarity of a score. */
  similarity(score: number): number;
  /** Room for the scores of so many documents. */
  scores(count: number): Uint8Array | Float64Array;
  /** Documents held at once, about. */
  held: number;
}

/** Signatures held at once: more are taken in several passes over all that there are. */
export const ESTIMATE_HELD = 2_000_000;

/** By signatures, 224 bytes each: the score is the number of equal values. */
export const estimate = (threshold: number): Measure => ({
  open: () => signatureComparer(leastMatches(threshold)),
  similarity: (score) => score / VALUES,
  scores: (count) => new Uint8Array(count),
  held: ESTIMATE_HELD,
});
/** By sets of shingles, 4 bytes for each shingle: the score is their Jaccard similarity. */
export const exactly = (threshold: number): Measure => ({
  open: () => shingleComparer(threshold),
  similarity: (score) => score,
  scores: (count) => new Float64Array(count),
  held: 400_000,
});

/** The fewest equal values with which two signatures are as similar as `threshold` asks. */
export function leastMatches(threshold: number): number {
  let matches = Math.floor(threshold * VALUES);
  while (matches / VALUES < threshold) matches++;
  return matches;
}

/** Values that are compared before their number is looked at. */
const STEP = 16;
/** Signatures in a piece of memory: 14 MiB. */
const CHUNK = 2 ** 16;

function signatureComparer(least: number): Comparer {
  const chunks: Uint16Array[] = [];
  let held = 0;
  let current: Uint16Array = new Uint16Array(VALUES);
  return {
    least,
    take({ signature }) {
      current = signature;
    },
    /** Stops when too many values differ: for unrelated documents after a third of them. Which differ cannot be foreseen: no branch for each. */
    score(slot, atLeast) {
      const other = chunks[Math.floor(slot / CHUNK)] as Uint16Array;
      const at = (slot % CHUNK) * VALUES;
      const allowed = VALUES - atLeast;
      let different = 0;
      for (let start = 0; start < VALUES && different <= allowed; start += STEP) {
        for (let i = start; i < start + STEP; i++) {
          different += (((current[i] as number) ^ (other[at + i] as number)) + 0xffff) >>> 16;
        }
      }
      return different > allowed ? -1 : VALUES - different;
    },
    hold() {
      if (held % CHUNK === 0) chunks.push(new Uint16Array(CHUNK * VALUES));
      (chunks.at(-1) as Uint16Array).set(current, (held % CHUNK) * VALUES);
      return held++;
    },
  };
}

function shingleComparer(least: number): Comparer {
  const sets: Uint32Array[] = [];
  let current: Uint32Array = new Uint32Array(0);
  return {
    least,
    take({ shingles = new Uint32Array(0) }) {
      current = shingles;
    },
    score(slot, atLeast) {
      const similarity = jaccard(current, sets[slot] as Uint32Array, atLeast);
      return similarity < atLeast ? -1 : similarity;
    },
    hold() {
      // What comes next is read into the same room.
      sets.push(current.slice());
      return sets.length - 1;
    },
  };
}

/** The Jaccard similarity of two sets that rise; 0 where it is found to be below `least` before the end. */
export function jaccard(a: Uint32Array, b: Uint32Array, least = 0): number {
  // |A ∩ B| / |A ∪ B| >= least  <=>  |A ∩ B| >= least / (1 + least) (|A| + |B|)
  const needed = (least / (1 + least)) * (a.length + b.length) - 1e-6;
  let common = 0;
  let i = 0;
  let k = 0;
  while (i < a.length && k < b.length) {
    if (common + Math.min(a.length - i, b.length - k) < needed) return 0;
    const left = a[i] as number;
    const right = b[k] as number;
    if (left === right) common++;
    if (left <= right) i++;
    if (right <= left) k++;
  }
  return common / (a.length + b.length - common);
}
