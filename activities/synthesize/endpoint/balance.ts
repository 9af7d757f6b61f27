import type { Queue, Waiting } from './queue.ts';

/** A server as the balance sees it. */
export interface Place {
  readonly name: string;
  /** Whether it is well. */
  readonly usable: boolean;
  /** Whether it should get a request now. */
  readonly room: boolean;
  readonly limiter: { readonly inFlight: number; readonly limit: number };
}
export interface Candidate<P extends Place> extends Waiting {
  /** The replicas in the order in which it should have them. */
  readonly ranked: readonly P[];
  /** The one that has just failed it: taken only where there is no other. */
  readonly avoid: P | undefined;
}
export interface Pick<T, P> {
  entry: T;
  place: P;
  /** Whether it is the replica that the request prefers. */
  preferred: boolean;
}

/** How far into the oldest line a replica looks for a request that prefers it. */
const LOOK_AHEAD = 32;
/** Every so many turns go to who has waited longest, so that younger rounds come on as well. */
const FAIR_EVERY = 8;

/**
 * Whose turn it is, and where. The oldest line goes first. A place that is free takes the first request that prefers it,
 * if there is one near the front: its beginning may stand in that server's prefix cache. Where there is none it takes
 * the first, so that no slot stays empty for the sake of a cache.
 */
export function pickNext<P extends Place, T extends Candidate<P>>(
  queue: Queue<T>,
  places: readonly P[],
  turn: number,
): Pick<T, P> | undefined {
  const free = places.filter(({ room }) => room);
  const least = free.reduce<P | undefined>(
    (a, b) => (a === undefined || loadOf(b) < loadOf(a) ? b : a),
    undefined,
  );
  const head = turn % FAIR_EVERY === 0 ? queue.longest() : queue.oldest(1)[0];
  if (least === undefined || head === undefined) return undefined;
  if (places.length === 1) return { entry: head, place: least, preferred: true };
  const choices = turn % FAIR_EVERY === 0 ? [head] : queue.oldest(LOOK_AHEAD);
  for (const entry of choices) {
    const place = entry.ranked.find((each) => each.usable && each !== entry.avoid);
    if (place?.room === true) return { entry, place, preferred: true };
  }
  const others = free.filter((place) => place !== head.avoid);
  const place = others.reduce<P>((a, b) => (loadOf(b) < loadOf(a) ? b : a), others[0] ?? least);
  return { entry: head, place, preferred: false };
}

const loadOf = ({ limiter }: Place): number => limiter.inFlight / limiter.limit;
