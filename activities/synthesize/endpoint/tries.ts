import { unitHash } from '../../../lake/random.ts';
import type { FailureKind } from './refusal.ts';

/** How one request has fared so far. */
export interface Tries {
  /** Times it went out. */
  count: number;
  /** Times it may have been the request's own fault: lost, failing, and time-outs. */
  failures: number;
  timeouts: number;
  lost: number;
  /** Times it was not: no connection, or too much to do. */
  turnedAway: number;
}
export const noTries = (): Tries => ({ count: 0, failures: 0, timeouts: 0, lost: 0, turnedAway: 0 });

/** Failures, and time-outs among them, after which a request is given up. A time-out costs its whole deadline. */
const FAILURES = 5;
const TIMEOUTS = 3;
/** Times that a request may be turned away before it is left to Temporal's retry. */
const TURNED_AWAY = 20;
/** A request that has lost its connection so often is asked alone: it may be what brings the server down. */
const SUSPECT = 2;

/** Waits, milliseconds, before jitter: the first, and the longest. */
const FIRST_MS = 250;
const LONGEST_MS = 8_000;

/** Notes one more failure. `give up` says whether it is the request itself, or the endpoint, that is at fault. */
export function afterFailure(
  tries: Tries,
  kind: Exclude<FailureKind, 'final'>,
): 'again' | 'suspect' | 'give up' | 'away' {
  if (kind === 'refusing' || kind === 'unreachable') {
    tries.turnedAway++;
    return tries.turnedAway >= TURNED_AWAY ? 'away' : isSuspect(tries);
  }
  tries.failures++;
  if (kind === 'timeout') tries.timeouts++;
  if (kind === 'lost') tries.lost++;
  if (tries.failures >= FAILURES || tries.timeouts >= TIMEOUTS) return 'give up';
  return isSuspect(tries);
}
const isSuspect = ({ lost }: Tries): 'again' | 'suspect' => (lost >= SUSPECT ? 'suspect' : 'again');

/**
 * Milliseconds before the next try: doubling, with a jitter that the request's id and the number of the try decide, so
 * that requests that failed together do not come back together, and a run waits as it did. What the server asked for is
 * waited for at least.
 */
export function waitOf(id: string, tries: Tries, retryAfterMs = 0): number {
  const step = Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries.failures + tries.turnedAway - 1));
  const jitter = unitHash('endpoint', 'try', `${id} ${tries.count}`);
  return Math.round(Math.max(step * (0.5 + jitter), retryAfterMs * (1 + jitter / 4)));
}
