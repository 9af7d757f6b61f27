import { EndpointUnavailable, type LakeError } from '../../../lake/errors.ts';
import { onAbort } from './abort.ts';
import { rankedFor } from './affinity.ts';
import { type Candidate, pickNext } from './balance.ts';
import { openQueue } from './queue.ts';
import type { Place, Replica } from './replica.ts';
import type { Counters } from './statistics.ts';

/** Hands out turns: which of those who wait is next, and at which replica. */
export interface Dispatcher {
  readonly waiting: number;
  /**
   * Resolves with a place at a replica, which is to be used. Rejects with the signal's reason as
   * soon as it aborts, and with EndpointUnavailable when no replica has been well for a while.
   */
  turn(who: Asking, signal?: AbortSignal): Promise<Turn>;
  /** To be called when a place may have become free. */
  go(): void;
  close(): void;
}
export interface Turn {
  replica: Replica;
  place: Place;
}
export interface Asking {
  line: number;
  affinity: string;
  avoid: Replica | undefined;
  again: boolean;
}

interface Entry extends Candidate<Replica> {
  give(turn: Turn): void;
  fail(error: LakeError): void;
}

export function openDispatcher(
  endpoint: string,
  replicas: readonly Replica[],
  { ceiling, patienceMs }: { ceiling: number; patienceMs: number },
  counters: Counters,
): Dispatcher {
  const queue = openQueue<Entry>();
  let turns = 0;
  let downSince: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const inFlight = (): number => replicas.reduce((sum, { limiter }) => sum + limiter.inFlight, 0);

  function handOut(): void {
    while (queue.size > 0 && inFlight() < ceiling) {
      const next = pickNext(queue, replicas, turns + 1);
      if (next === undefined) return;
      turns++;
      queue.remove(next.entry);
      if (next.preferred) counters.preferred++;
      else counters.spilled++;
      next.entry.give({ replica: next.place, place: next.place.take() });
    }
  }
  /** Looks after replicas that are down as long as somebody waits. */
  function tend(): void {
    clearTimeout(timer);
    timer = undefined;
    if (queue.size === 0 || closed) return;
    const now = performance.now();
    const down = replicas.filter(({ usable }) => !usable);
    for (const replica of down) if (replica.breaker.until <= now) replica.check(go);
    // One that is tried is not well yet, but it is not given up meanwhile.
    const none = replicas.every(({ breaker }) => breaker.state !== 'closed');
    downSince = none ? (downSince ?? now) : undefined;
    if (downSince !== undefined && !replicas.some(({ onTrial }) => onTrial)) giveUp(now, downSince);
    if (down.length === 0 || queue.size === 0) return;
    const times = down.map(({ breaker }) => breaker.until).filter((until) => until > now);
    const due = Math.min(...times, now + 1000);
    timer = setTimeout(go, Math.max(10, due - now));
  }
  function giveUp(now: number, since: number): void {
    const back = Math.min(...replicas.map(({ breaker }) => breaker.until));
    for (const entry of queue) {
      const waited = now - Math.max(since, entry.since);
      if (waited < patienceMs && back - now < patienceMs) continue;
      queue.remove(entry);
      // A wait that a server asked for; our own is shorter.
      entry.fail(
        unavailable(endpoint, replicas, back - now > patienceMs ? Math.round(back - now) : undefined),
      );
    }
  }
  function go(): void {
    handOut();
    tend();
  }
  return {
    get waiting() {
      return queue.size;
    },
    turn({ line, affinity, avoid, again }, signal) {
      return new Promise<Turn>((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const off = onAbort(signal, () => {
          queue.remove(entry);
          reject(signal?.reason);
        });
        const entry: Entry = {
          line,
          since: performance.now(),
          again,
          ranked: rankedFor(affinity, replicas),
          avoid,
          give(turn) {
            off();
            resolve(turn);
          },
          fail(error) {
            off();
            reject(error);
          },
        };
        queue.add(entry);
        go();
      });
    },
    go,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function unavailable(
  endpoint: string,
  replicas: readonly Replica[],
  retryAfter?: number,
): EndpointUnavailable {
  const what = replicas.map(({ name, breaker }) => `${name} is ${breaker.trouble}`).join(', ');
  return new EndpointUnavailable(
    `the inference endpoint does not answer: ${what}; start it again, or mend its "url"`,
    retryAfter === undefined ? { endpoint } : { endpoint, retryAfter },
  );
}
