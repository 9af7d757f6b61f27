/** How often keys came, in bounded room. */
export interface Frequent {
  add(key: string): void;
  /** The keys that are still held. Each came as often as this says, or up to `unseen` times more. */
  readonly counts: ReadonlyMap<string, number>;
  /** No key that is not held came more often than this; 0 while all are held, and then all counts are exact. */
  readonly unseen: number;
}

/**
 * Counts keys, and forgets rare ones when there are too many (Misra and Gries, 1982): of n that came, none that came more
 * than n / `held` times is forgotten. In memory are `2 × held` keys at most.
 */
export function openFrequent(held: number): Frequent {
  const counts = new Map<string, number>();
  let unseen = 0;

  /** Takes the same from all counts, so much that at most `held` keys stay. */
  function shrink(): void {
    const sorted = Float64Array.from(counts.values()).sort();
    const cut = sorted[sorted.length - 1 - held] as number;
    unseen += cut;
    for (const [key, count] of counts) {
      if (count > cut) counts.set(key, count - cut);
      else counts.delete(key);
    }
  }
  return {
    add(key) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (counts.size > 2 * held) shrink();
    },
    counts,
    get unseen() {
      return unseen;
    },
  };
}
