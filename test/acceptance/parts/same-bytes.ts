import type { ObjectStore } from '../../../lake/store.ts';
import { canonical } from '../../pipeline.ts';
import { must } from '../lib.ts';

/** Shows that two runs of a domain have published the same bytes. `said`: what that means here. */
export async function mustBeSame(
  store: ObjectStore,
  domain: string,
  [one, other]: readonly [string, string],
  said: string,
): Promise<void> {
  const [mine, theirs] = await Promise.all([one, other].map((run) => canonical(store, { domain, run })));
  const shards = Object.keys(mine?.shards ?? {}).length;
  must(
    JSON.stringify(mine) === JSON.stringify(theirs),
    `manifest.core.json and ${shards} shards, byte by byte: ${said}`,
  );
}
