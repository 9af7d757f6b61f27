import type { Pair } from '../../workflows/contract.ts';
import type { Entry } from '../synthesize/entry.ts';

/** Numbers of pairs of a document, by its id. */
export type PairNumbers = ReadonlyMap<string, ReadonlySet<number>>;

/**
 * The entries of a slot, in order, without the pairs that were dropped. One that is left without pairs cuts its chain:
 * it is linked to nothing, and nothing to it. Nothing is prompted again.
 */
export function withoutDropped<E extends Pick<Entry, 'id' | 'linked'> & { pairs: Pair[] }>(
  entries: readonly E[],
  dropped: PairNumbers,
): E[] {
  let before = false;
  return entries.map((entry) => {
    const gone = dropped.get(entry.id);
    const pairs = gone === undefined ? entry.pairs : entry.pairs.filter((_, i) => !gone.has(i));
    const linked = entry.linked && before && pairs.length > 0;
    before = pairs.length > 0;
    return { ...entry, pairs, linked };
  });
}
