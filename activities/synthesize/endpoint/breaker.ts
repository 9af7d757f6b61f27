/**
 * - `closed`: requests go out.
 * - `open`: none does, until it is time to look after the server.
 * - `half-open`: one goes out, and what becomes of it decides.
 */
export type BreakerState = 'closed' | 'open' | 'half-open';
/**
 * Why it opens: nobody listens; or one after the other breaks off, fails in another way, or is refused for load (429, 503).
 */
export type Trouble = 'unreachable' | 'lost' | 'failing' | 'refusing';

/** The circuit breaker of one replica. Times are milliseconds of any clock. */
export interface Breaker {
  readonly state: BreakerState;
  /** When an open one wants to be looked after. */
  readonly until: number;
  /** Why it is open. */
  readonly trouble: Trouble;
  /** Something was answered, be it a refusal of one request for what is in it: the server lives. */
  answered(): void;
  failed(trouble: Trouble, now: number, retryAfterMs?: number): void;
  /** What a health check says about an open one whose time has come. */
  checked(healthy: boolean, now: number): void;
}

/** Failures in a row, with no answer between them, that are no chance any more. */
const IN_A_ROW = 5;
/** The first time that it stays open, and the longest; of one that is gone, which only costs a look at its health. */
const FIRST_MS = 250;
const LONGEST_MS = 5_000;
const LONGEST_GONE_MS = 1_000;

/** Opens a closed breaker. `jitter` in [0, 1) spreads the times of several replicas and workers. */
export function openBreaker(jitter: number): Breaker {
  let state: BreakerState = 'closed';
  let trouble: Trouble = 'failing';
  let inARow = 0;
  /** How often it opened since something was answered. */
  let opened = 0;
  let until = 0;

  const gone = (): boolean => trouble === 'unreachable' || trouble === 'lost';
  function open(now: number, leastMs = 0): void {
    const longest = gone() ? LONGEST_GONE_MS : LONGEST_MS;
    const wait = Math.min(longest, FIRST_MS * 2 ** opened) * (0.75 + jitter / 2);
    state = 'open';
    opened++;
    until = now + Math.max(wait, leastMs);
  }
  return {
    get state() {
      return state;
    },
    get until() {
      return until;
    },
    get trouble() {
      return trouble;
    },
    answered() {
      state = 'closed';
      inARow = 0;
      opened = 0;
    },
    failed(what, now, retryAfterMs = 0) {
      inARow++;
      if (state === 'open') {
        // From requests that were under way: the wait may become longer, never shorter.
        until = Math.max(until, now + retryAfterMs);
        if (what === 'unreachable') trouble = what;
        return;
      }
      if (state === 'closed' && what !== 'unreachable' && inARow < IN_A_ROW) return;
      trouble = what;
      open(now, what === 'refusing' ? retryAfterMs : 0);
    },
    checked(healthy, now) {
      if (state !== 'open' || now < until) return;
      if (!healthy) return open(now);
      // One that was gone and is back is as good as ever; one that has been there all along must show it.
      state = gone() ? 'closed' : 'half-open';
      inARow = 0;
    },
  };
}
