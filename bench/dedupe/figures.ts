import { BANDS, ROWS, VALUES } from '../../activities/dedupe/signature.ts';

/** Signatures of documents, one behind the other, and the keys of their bands, 14 of each document. */
export interface Signed {
  values: Uint16Array | Uint32Array;
  keys: readonly string[];
}
/** Two documents of which the true similarity is known; others have none. */
export interface Pair {
  a: number;
  b: number;
  jaccard: number;
}

/** Of the pairs about one similarity: how many meet in a band, and how many do by theory. */
export interface Step {
  jaccard: number;
  pairs: number;
  theory: number;
  met: number;
  /** The standard error of such a share. */
  error: number;
}
export interface Found {
  steps: Step[];
  /** At the threshold, of pairs that meet in a band. */
  recall: number;
  precision: number;
  /** Pairs that reach the threshold by estimate, and without any true similarity. */
  predicted: number;
  strangers: number;
  /** Mean difference of estimate and true similarity, and the mean of its size, from 0.7 to 0.8. */
  bias: number;
  deviation: number;
}

const WIDTH = 0.05;
/** What is found is random in the hashes: several spellings of the same documents are put together by their mean. */
export function meanOf(found: readonly Found[]): Found {
  const [first] = found;
  if (first === undefined) throw new RangeError('nothing was found');
  const over = (figure: (each: Found) => number): number => mean(found.map(figure));
  return {
    steps: first.steps.map((step, i) => ({
      ...step,
      met: over(({ steps }) => steps[i]?.met ?? Number.NaN),
      error: step.error / Math.sqrt(found.length),
    })),
    recall: over(({ recall }) => recall),
    precision: over(({ precision }) => precision),
    predicted: over(({ predicted }) => predicted),
    strangers: over(({ strangers }) => strangers),
    bias: over(({ bias }) => bias),
    deviation: over(({ deviation }) => deviation),
  };
}

const CENTERS: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + i * WIDTH);

/** 1 - (1 - J^8)^14. */
export const theory = (jaccard: number): number => 1 - (1 - jaccard ** ROWS) ** BANDS;

/** What signatures and bands make of documents, all pairs of which are looked at. */
export function figuresOf({ values, keys }: Signed, pairs: readonly Pair[], threshold: number): Found {
  const count = keys.length / BANDS;
  const id = (a: number, b: number): number => Math.min(a, b) * count + Math.max(a, b);
  const similarity = (a: number, b: number): number => {
    let equal = 0;
    for (let i = 0; i < VALUES; i++) if (values[a * VALUES + i] === values[b * VALUES + i]) equal++;
    return equal / VALUES;
  };
  const met = meetings(keys, count);
  const known = new Map(pairs.map(({ a, b, jaccard }) => [id(a, b), jaccard]));
  const predicted = [...met].filter(
    (pair) => similarity(Math.floor(pair / count), pair % count) >= threshold,
  );
  const right = predicted.filter((pair) => (known.get(pair) ?? 0) >= threshold).length;
  const near = pairs.filter(({ jaccard }) => Math.abs(jaccard - 0.75) <= 0.05);
  const differences = near.map(({ a, b, jaccard }) => similarity(a, b) - jaccard);
  return {
    steps: CENTERS.map((center) => {
      const own = pairs.filter(({ jaccard }) => Math.abs(jaccard - center) < WIDTH / 2);
      const expected = mean(own.map(({ jaccard }) => theory(jaccard)));
      return {
        jaccard: mean(own.map(({ jaccard }) => jaccard)),
        pairs: own.length,
        theory: expected,
        met: mean(own.map(({ a, b }) => Number(met.has(id(a, b))))),
        error: Math.sqrt((expected * (1 - expected)) / own.length),
      };
    }),
    recall: right / pairs.filter(({ jaccard }) => jaccard >= threshold).length,
    precision: right / predicted.length,
    predicted: predicted.length,
    strangers: predicted.filter((pair) => !known.has(pair)).length,
    bias: mean(differences),
    deviation: mean(differences.map(Math.abs)),
  };
}

/** All pairs that have a band's key in common, as `first × count + second`. */
function meetings(keys: readonly string[], count: number): Set<number> {
  const met = new Set<number>();
  for (let band = 0; band < BANDS; band++) {
    const buckets = new Map<string, number[]>();
    for (let document = 0; document < count; document++) {
      const key = keys[document * BANDS + band] ?? '';
      if (key === '') continue;
      const bucket = buckets.get(key);
      if (bucket === undefined) {
        buckets.set(key, [document]);
        continue;
      }
      for (const other of bucket) met.add(other * count + document);
      bucket.push(document);
    }
  }
  return met;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
