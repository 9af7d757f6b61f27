import type { ExchangeRecord } from '../../lake/exchange.ts';
import { BUCKET_KEPT } from '../dedupe/buckets.ts';
import { bucketEntry, type Place, rowOf } from '../dedupe/records.ts';

type Batches = AsyncIterable<readonly ExchangeRecord[]>;

/**
 * Of bucket records in their order those that a later ingest may need: of documents that are not out, and of each band's
 * bucket the first `kept`; what stands behind those is told. Hashes are no bands: documents that were kept have each one of their own.
 */
export async function* liveBuckets(
  batches: Batches,
  isOut: (place: Place) => boolean,
  { kept = BUCKET_KEPT, onSurplus = () => {} }: { kept?: number; onSurplus?: () => void } = {},
): AsyncGenerator<ExchangeRecord[]> {
  let bucket: bigint | undefined;
  let size = 0;
  function needs({ key, payload }: ExchangeRecord): boolean {
    const { hash, ...place } = bucketEntry(payload);
    if (isOut(place)) return false;
    if (hash !== '') return true;
    if (key !== bucket) size = 0;
    bucket = key;
    size++;
    if (size > kept) onSurplus();
    return size <= kept;
  }
  for await (const batch of batches) yield batch.filter(needs);
}

/** Of records with rows as keys those of documents that are not out. */
export async function* liveRows(
  batches: Batches,
  isOut: (place: Place) => boolean,
): AsyncGenerator<ExchangeRecord[]> {
  for await (const batch of batches) yield batch.filter(({ key }) => !isOut(rowOf(key)));
}
