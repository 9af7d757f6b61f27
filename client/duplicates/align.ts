/** What stands beside what: an index on the left and one on the right; undefined where one side has nothing. */
export type Step = readonly [left: number | undefined, right: number | undefined];

/** Cells of the table at most: beyond it nothing is aligned, and the sides follow each other. */
const CELLS = 4_000_000;

/**
 * Brings two lists together in order, so that the likeness of what stands side by side is the largest in sum (Needleman
 * and Wunsch, without a price for gaps; with 0 and 1 the longest common subsequence). What has no likeness stands alone.
 */
export function align(
  lefts: number,
  rights: number,
  likeness: (left: number, right: number) => number,
): Step[] {
  const steps: Step[] = [];
  const width = rights + 1;
  const aligned = (lefts + 1) * width <= CELLS;
  /** The best sum of what is left from (i, j) on. */
  const best = new Float32Array(aligned ? (lefts + 1) * width : 0);
  const at = (i: number, j: number): number => best[i * width + j] as number;
  for (let i = lefts - 1; aligned && i >= 0; i--) {
    for (let j = rights - 1; j >= 0; j--) {
      best[i * width + j] = Math.max(at(i + 1, j), at(i, j + 1), at(i + 1, j + 1) + likeness(i, j));
    }
  }
  let [i, j] = [0, 0];
  while (i < lefts && j < rights && aligned) {
    if (at(i, j) === at(i + 1, j)) steps.push([i++, undefined]);
    else if (at(i, j) === at(i, j + 1)) steps.push([undefined, j++]);
    else steps.push([i++, j++]);
  }
  while (i < lefts) steps.push([i++, undefined]);
  while (j < rights) steps.push([undefined, j++]);
  return steps;
}
