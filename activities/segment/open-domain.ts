import { append, type LogState, liveIndex, publishedRun, withClose, withOpen } from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { OpenedDomain, RunRef } from '../../workflows/contract.ts';
import { saveJson } from '../lists.ts';
import type { Services } from '../services.ts';
import { type Base, readSegments } from './base.ts';

/** Runs are not published anew yet: each has one generation. */
const GENERATION = 1;

/**
 * Takes the domain for an incremental run, and saves what it deduplicates against; the same state of the log gives the same
 * bytes. A run that holds the domain already finds the base that it had: nothing of it changes while the domain is held.
 */
export async function openDomain(
  { store }: Pick<Services, 'store'>,
  { run }: { run: RunRef },
): Promise<OpenedDomain> {
  const holder = { run: run.run, generation: GENERATION };
  const { entry } = await append(store, run.domain, (state) => {
    const taken = state.open !== null && state.open.run !== run.run;
    return taken || publishedRun(state, run.run) !== undefined ? undefined : withOpen(state, holder);
  });
  const published = publishedRun(entry, run.run);
  if (published !== undefined) return { state: 'published', publication: published.publication };
  if (entry.open !== null && entry.open.run !== run.run) return { state: 'taken', by: entry.open.run };
  return { state: 'open', base: await saveJson(store, run, await baseOf(store, entry)) };
}

/** Lets go of the domain; does nothing when the run does not hold it. */
export async function closeDomain(
  { store }: Pick<Services, 'store'>,
  { run }: { run: RunRef },
): Promise<void> {
  await append(store, run.domain, (state) => withClose(state, { run: run.run, generation: GENERATION }));
}

/** What a run that opens in this state of the log deduplicates against. */
export async function baseOf(store: ObjectStore, state: LogState): Promise<Base> {
  const index = liveIndex(state);
  const next = (await readSegments(store, index)).map(({ nextSource }) => nextSource);
  return { ...index, nextSource: Math.max(0, ...next) };
}
