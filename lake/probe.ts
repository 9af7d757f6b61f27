import { StoreUnfit } from './errors.ts';
import type { ObjectStore } from './store.ts';

const PROBE_KEY = 'index/.probe';

/**
 * Puts one key twice with If-None-Match and refuses a store that does not answer the second with 412: every commit
 * rests on it. Throws StoreUnfit, or what the store throws when it cannot be reached or refuses us.
 */
export async function probeStore(store: ObjectStore): Promise<void> {
  const where = { bucket: store.bucket, key: PROBE_KEY };
  await store.put(PROBE_KEY, 'instruct-lake', { ifNoneMatch: true });
  if ((await store.put(PROBE_KEY, 'instruct-lake', { ifNoneMatch: true })) !== 'exists') {
    throw new StoreUnfit(
      'the store overwrote an object although If-None-Match: * was asked; use a store with conditional writes',
      where,
    );
  }
  const head = await store.head(PROBE_KEY);
  if (head === undefined || head.etag === '') {
    throw new StoreUnfit('the store gives objects no ETag, by which raw files are told apart', where);
  }
}
