import {
  append,
  type LogState,
  liveIndex,
  publishedRun,
  withClose,
  withOpen,
  withoutPublication,
} from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { OpenedDomain, RunRef } from '../../workflows/contract.ts';
import { saveJson } from '../lists.ts';
import type { Services } from '../services.ts';
import { type Base, readSegments } from './base.ts';

/**
 * Takes the domain for an incremental run, and saves what it deduplicates against; the same state of the log gives the same
 * bytes. A run that holds the domain already finds the base that it had: nothing of it changes while the domain is held.
 * A later generation does not deduplicate against its own earlier one.
 */
export async function openDomain(
  { store }: Pick<Services, 'store'>,
  { run, generation = 1 }: { run: RunRef; generation?: number },
): Promise<OpenedDomain> {
  const holder = { run: run.run, generation };
  const isPublished = (state: LogState): boolean =>
    (publishedRun(state, run.run)?.generation ?? 0) >= generation;
  const { entry } = await append(store, run.domain, (state) => {
    const taken = state.open !== null && state.open.run !== run.run;
    return taken || isPublished(state) ? undefined : withOpen(state, holder);
  });
  const published = publishedRun(entry, run.run);
  if (published !== undefined && isPublished(entry)) {
    return { state: 'published', publication: published.publication };
  }
  if (entry.open !== null && entry.open.run !== run.run) return { state: 'taken', by: entry.open.run };
  const base = await baseOf(store, withoutPublication(entry, run.run));
  return { state: 'open', base: await saveJson(store, run, base) };
}

/** Lets go of the domain; does nothing when the run does not hold it. */
export async function closeDomain(
  { store }: Pick<Services, 'store'>,
  { run, generation = 1 }: { run: RunRef; generation?: number },
): Promise<void> {
  await append(store, run.domain, (state) => withClose(state, { run: run.run, generation }));
}

/** What a run that opens in this state of the log deduplicates against. */
export async function baseOf(store: ObjectStore, state: LogState): Promise<Base> {
  const index = liveIndex(state);
  const next = (await readSegments(store, index)).map(({ nextSource }) => nextSource);
  return { ...index, nextSource: Math.max(0, ...next) };
}
