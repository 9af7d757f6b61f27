import { publishedRun, readLog } from '../lake/log.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { RunRef } from '../workflows/contract.ts';

/**
 * Where a run stands in the log of its domain. `open`: it holds the domain. `closed`: it has held it, and has let go of it
 * without a publication. `retracted`: it was visible, and is no longer.
 */
export type Standing = 'open' | 'closed' | 'published' | 'retracted';

/** Reads the log from its first entry on; null when it has never named the run. Throws CorruptLake. */
export async function standingOf(store: ObjectStore, { domain, run }: RunRef): Promise<Standing | null> {
  let standing: Standing | null = null;
  for await (const { entry } of readLog(store, domain)) {
    if (publishedRun(entry, run) !== undefined) standing = 'published';
    else if (entry.open?.run === run) standing = 'open';
    else if (standing === 'published') standing = 'retracted';
    else if (standing === 'open') standing = 'closed';
  }
  return standing;
}
