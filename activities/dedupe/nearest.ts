import { VALUES } from './signature.ts';

/** The fewest equal values with which two signatures are as similar as `threshold` asks. */
export function leastMatches(threshold: number): number {
  let matches = Math.floor(threshold * VALUES);
  while (matches / VALUES < threshold) matches++;
  return matches;
}

export interface Nearest {
  /** Index in the list. */
  index: number;
  /** Equal values. */
  matches: number;
}

/**
 * Which of the first `count` slots of a list has the most values in common with `slot`, at least `least`; of several
 * the first. A comparison stops as soon as too many values differ: for unrelated documents after a quarter of them.
 */
export function nearest(
  signatures: Uint16Array,
  list: Uint32Array,
  count: number,
  slot: number,
  least: number,
): Nearest | undefined {
  let found: Nearest | undefined;
  let allowed = VALUES - least;
  const at = slot * VALUES;
  for (let index = 0; index < count; index++) {
    const other = (list[index] as number) * VALUES;
    let different = 0;
    for (let i = 0; i < VALUES && different <= allowed; i++) {
      if (signatures[at + i] !== signatures[other + i]) different++;
    }
    if (different > allowed) continue;
    found = { index, matches: VALUES - different };
    if (different === 0) break;
    allowed = different - 1;
  }
  return found;
}
