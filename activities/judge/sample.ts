import { pairId } from '../../lake/identity.ts';
import { hash64 } from '../../lake/random.ts';
import type { Pair } from '../../workflows/contract.ts';
import type { Entry } from '../synthesize/entry.ts';

/** A pair that was drawn, and where the text is that it is about. */
export interface Sampled extends Pick<Entry, 'key' | 'row' | 'start' | 'end'> {
  id: string;
  document: string;
  pair: Pair;
  hash: bigint;
}

/**
 * Draws `n` of the pairs it is shown, those with the smallest keyed hashes of their ids: the same ones in whatever order
 * and from whatever partitions they come. Holds 2n at most.
 */
export function openSample<T>(
  n: number,
  seed: string,
): {
  show(entry: Pick<Entry, 'id' | 'key' | 'row' | 'start' | 'end' | 'pairs'>, tag: T): void;
  /** By hash. */
  drawn(): (Sampled & { tag: T })[];
} {
  let held: (Sampled & { tag: T })[] = [];
  let limit: bigint | undefined;
  function trim(): void {
    held.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : a.id < b.id ? -1 : 1));
    held = held.slice(0, n);
    if (held.length === n) limit = held.at(-1)?.hash;
  }
  return {
    show({ id: document, key, row, start, end, pairs }, tag) {
      for (const [ordinal, pair] of pairs.entries()) {
        const id = pairId(document, ordinal);
        const hash = hash64(seed, 'judge', id);
        if (limit !== undefined && hash > limit) continue;
        held.push({ id, document, key, row, start, end, pair, hash, tag });
        if (held.length >= 2 * n) trim();
      }
    },
    drawn() {
      trim();
      return held;
    },
  };
}
