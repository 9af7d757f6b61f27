import type { Limiter } from '../../../../activities/synthesize/endpoint/limiter.ts';
import { openStream } from '../../../../lake/random.ts';

/** A server in simulated time: when a request that arrives now is answered, or that it is refused. Seconds. */
export type Server = (now: number, work: number, inFlight: number) => number | 'refused';

/** Slots that make one unit of work a second each, and a queue: first come, first served. With `bound`, so many wait at most. */
export function slotServer(slots: (now: number) => number, bound = Number.POSITIVE_INFINITY): Server {
  const free: number[] = [];
  let leaving: number[] = [];
  return (now, work) => {
    const count = slots(now);
    while (free.length < count) free.push(now);
    if (free.length > count) {
      free.sort((a, b) => a - b);
      free.splice(0, free.length - count);
    }
    if (bound < Number.POSITIVE_INFINITY) leaving = leaving.filter((at) => at > now);
    if (leaving.length >= count + bound) return 'refused';
    let first = 0;
    for (let i = 1; i < free.length; i++) if ((free[i] as number) < (free[first] as number)) first = i;
    const done = Math.max(now, free[first] as number) + work;
    free[first] = done;
    if (bound < Number.POSITIVE_INFINITY) leaving.push(done);
    return done;
  };
}

export interface Drawn {
  /** Units of work of a request, by a draw in [0, 1). */
  work?: (u: number) => number;
  /** Share of the requests that take ten times their time. */
  stragglers?: number;
  seed?: string;
}
export interface Outcome {
  /** Units of work a second, from `from` to the end. */
  rate: (from: number) => number;
  /** The limit at each second. */
  limits: number[];
  refused: number;
}

/** A client with always more to ask, for so many seconds. Every limiter gets an equal part of the turns. */
export function simulate(
  limiters: readonly Limiter[],
  server: Server,
  seconds: number,
  { work = (u) => 0.5 + u, stragglers = 0, seed = 's' }: Drawn = {},
): Outcome & { each: number[][] } {
  const draws = openStream(seed, 'simulated', 'requests');
  const events: { at: number; run: () => void }[] = [];
  const schedule = (at: number, run: () => void): void => {
    let i = events.length;
    while (i > 0 && (events[i - 1] as { at: number }).at < at) i--;
    events.splice(i, 0, { at, run });
  };
  const done: { at: number; work: number }[] = [];
  const each = limiters.map((): number[] => []);
  let refused = 0;
  let now = 0;
  const total = (): number => limiters.reduce((sum, { inFlight }) => sum + inFlight, 0);

  function fill(limiter: Limiter): void {
    while (limiter.inFlight < limiter.limit) {
      const units = work(draws.unit());
      const slow = draws.unit() < stragglers ? 10 : 1;
      const ticket = limiter.start();
      const sent = now;
      const answer = server(now, units * slow, total());
      if (answer === 'refused') {
        refused++;
        schedule(now + 0.01, () => {
          limiter.refused(ticket);
          schedule(now + 0.5, () => fill(limiter));
        });
      } else {
        schedule(answer, () => {
          limiter.answered(ticket, (now - sent) * 1000, units * 100);
          done.push({ at: now, work: units * slow });
          fill(limiter);
        });
      }
    }
  }
  for (let second = 0; second < seconds; second++) {
    schedule(second, () => {
      for (const [i, limiter] of limiters.entries()) each[i]?.push(limiter.limit);
    });
  }
  for (const limiter of limiters) fill(limiter);
  for (;;) {
    const event = events.pop();
    if (event === undefined || event.at >= seconds) break;
    now = event.at;
    event.run();
  }
  return {
    rate: (from) =>
      done.filter(({ at }) => at >= from).reduce((sum, one) => sum + one.work, 0) / (seconds - from),
    limits: each[0] ?? [],
    refused,
    each,
  };
}
