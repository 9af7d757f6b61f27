import type { ExchangeRecord } from '../../lake/exchange.ts';
import { bucketEntry, type Edge, type Place } from './records.ts';

/** With how many kept documents of a band's bucket one is compared: the first ones, in keep order. */
export const BUCKET_KEPT = 256;

/**
 * Edges from the first of each bucket, in keep order, to each other one: enough to connect them, and no more than there
 * are records, however full a bucket is. Records come ordered by (key, payload), and `isOut` leaves some out.
 */
export function* starEdges(
  records: Iterable<ExchangeRecord>,
  state: BucketState,
  isOut: (place: Place) => boolean,
): Generator<Edge> {
  for (const { key, payload } of records) {
    const { hash, ...place } = bucketEntry(payload);
    if (isOut(place)) continue;
    // A hash and a band may have the same key: their records stand among each other, and do not know each other.
    const kind = hash === '' ? 'band' : 'exact';
    const first = state[kind];
    if (first !== undefined && first.key === key && first.hash === hash) {
      yield { later: place, first: first.place, exact: kind === 'exact' };
    } else {
      state[kind] = { key, hash, place };
    }
  }
}

/** The first of the bucket that is being read, of each kind: records come in batches, and a bucket may span many. */
export interface BucketState {
  band?: First;
  exact?: First;
}
interface First {
  key: bigint;
  hash: string;
  place: Place;
}
