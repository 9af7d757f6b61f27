import type { FullSpec } from '../../lake/spec.ts';
import { qualityChecks } from './quality/check.ts';

/** Why a valid text is not to be used. */
export interface Rejection {
  /** By which it is counted: who says so, a colon, and the rule that it breaks. `contaminated`: it has words of an evaluation set. */
  reason: CheckReason;
  /** What was found, for people. */
  detail: string;
}
export type CheckReason = `${string}:${string}` | 'contaminated';

/** Where a text stands. */
export interface Place {
  /** Key of its source. */
  key: string;
  /** Row of the source. */
  row: number;
}

/**
 * Looks at a valid text: why it is not to be used, or undefined. It must say the same of the same text at the same place
 * whenever it is asked: a large block is read twice, an attempt that crashed is made again.
 */
export type Check = (text: string, place: Place) => Rejection | undefined;

/** The checks that a spec asks for, in the order in which they are asked. */
export function checksOf({ quality }: FullSpec): Check[] {
  return [...qualityChecks(quality)];
}

/** What the first check says that has something against a text. */
export function firstRejection(checks: readonly Check[], text: string, place: Place): Rejection | undefined {
  for (const check of checks) {
    const rejection = check(text, place);
    if (rejection !== undefined) return rejection;
  }
  return undefined;
}
