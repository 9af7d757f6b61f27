import type { ExchangeRecord } from '../../lake/exchange.ts';
import { bucketEntry, type Edge, type Place } from './records.ts';
import { bandOf } from './signature.ts';

/** With how many kept documents of a band's bucket one is compared: the first ones, in keep order. */
export const BUCKET_KEPT = 256;

export interface BucketRules {
  /** Documents that do not exist for the run: their sources failed, or they are no longer live in the base. */
  isOut: (place: Place) => boolean;
  /** The first source of the run itself; those before are the base's, whose documents are all kept. */
  firstSource?: number;
  bucketKept?: number;
}

/**
 * Edges from the first of each bucket, in keep order, to each other one: enough to connect them, and no more than there
 * are records, however full a bucket is. Records come ordered by (key, payload). Of the base a bucket gives only what its
 * new documents can be compared with: nothing where it has none, and of a band the first `bucketKept`.
 */
export function* starEdges(
  records: Iterable<ExchangeRecord>,
  state: BucketState,
  { isOut, firstSource = 0, bucketKept = BUCKET_KEPT }: BucketRules,
): Generator<Edge> {
  for (const { key, payload } of records) {
    const { hash, ...place } = bucketEntry(payload);
    if (isOut(place)) continue;
    // A hash and a band may have the same key: their records stand among each other, and do not know each other.
    const kind = hash === '' ? 'band' : 'exact';
    const band = kind === 'exact' ? null : bandOf(key);
    const known = state[kind];
    const isNew = place.source >= firstSource;
    if (known === undefined || known.key !== key || known.hash !== hash) {
      state[kind] = { key, hash, first: place, waiting: [] };
    } else if (isNew) {
      for (const earlier of known.waiting) yield { later: earlier, first: known.first, band };
      known.waiting = [];
      yield { later: place, first: known.first, band };
    } else if (kind === 'band' && known.waiting.length < bucketKept - 1) {
      known.waiting.push(place);
    }
  }
}

/** The bucket that is being read, of each kind: records come in batches, and a bucket may span many. */
export interface BucketState {
  band?: Bucket;
  exact?: Bucket;
}
interface Bucket {
  key: bigint;
  hash: string;
  first: Place;
  /** Documents of the base behind the first, until a new one comes. */
  waiting: Place[];
}
