/** Where a sample lies and how far it spreads; `mad` is the median of the absolute deviations from the median. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  mad: number;
}

/** The middle value, or the mean of the two in the middle. Throws RangeError on an empty sample. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('an empty sample has no median');
  return (lower + upper) / 2;
}

/** Throws RangeError on an empty sample. */
export function spreadOf(values: readonly number[]): Spread {
  const middle = median(values);
  return {
    median: middle,
    min: Math.min(...values),
    max: Math.max(...values),
    mad: median(values.map((value) => Math.abs(value - middle))),
  };
}

/**
 * a/b for each pair of neighbours in time. What slows the machine for a while slows both of a pair, so these spread less
 * than the values do. Throws RangeError when there are not equally many.
 */
export function pairRatios(a: readonly number[], b: readonly number[]): number[] {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be paired with ${b.length}`);
  return a.map((value, i) => value / (b[i] ?? Number.NaN));
}
