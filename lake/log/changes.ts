import { DomainLost, RunPublished } from '../errors.ts';
import { canonicalJson } from '../hash.ts';
import {
  type Holder,
  type LiveIndex,
  type LogState,
  liveIndex,
  type PublishedRun,
  publishedRun,
  type TombstoneSet,
  withoutPublication,
} from './entry.ts';
import { refuseHeld, taken } from './held.ts';

/* What can happen to a domain. Each answers the state after it, and undefined when that is the state already. */

/**
 * An incremental run takes the domain. A later generation takes it over from an earlier one of the same run, whose
 * workflow id lets only one of them run. Throws DomainTaken.
 */
export function withOpen(state: LogState, { run, generation }: Holder): LogState | undefined {
  const { open } = state;
  if (isHeld(state, { run, generation })) return undefined;
  if (open !== null && (open.run !== run || open.generation > generation)) {
    throw taken(open, 'one incremental run works on a domain at a time');
  }
  return { ...stateOf(state), open: { run, generation } };
}

/** Frees the domain; undefined when this run (and generation) does not hold it. */
export function withClose(state: LogState, { run, generation }: Holder): LogState | undefined {
  if (!isHeld(state, { run, generation })) return undefined;
  return { ...stateOf(state), open: null };
}

/** What an incremental publication brings besides itself. */
export interface IndexChange {
  /** What the run has deduplicated against. */
  base: LiveIndex;
  /** Documents that it replaces, where there are any. */
  tombstones?: TombstoneSet;
}

/**
 * Adds or replaces (by a higher generation) a run. An incremental one must hold the domain, and the live index (without its
 * own earlier generation) must be the one of its base; it then lets go of the domain. Throws RunPublished, DomainLost.
 */
export function withPublication(
  state: LogState,
  published: PublishedRun,
  change?: IndexChange,
): LogState | undefined {
  const { run, generation } = published;
  const before = publishedRun(state, run);
  if (before?.publication.sha256 === published.publication.sha256) return undefined;
  if (before !== undefined && before.generation >= generation) {
    throw new RunPublished(
      `run ${run} has published generation ${before.generation} already, with other content (its raw objects have changed since); give what is there now a run of its own with --run NAME`,
      { key: before.publication.key },
    );
  }
  const others = withoutPublication(stateOf(state), run);
  const after = { ...stateOf(state), published: [...others.published, published] };
  if (change === undefined) return after;
  if (!isHeld(state, { run, generation })) {
    const now = state.open === null ? 'nobody holds it' : `run ${state.open.run} holds it`;
    throw new DomainLost(
      `run ${run} does not hold its domain any more, so it cannot publish (${now}): it was closed while the run went on; ${AGAIN}`,
    );
  }
  const { runs, segments, tombstones } = change.base;
  if (canonicalJson(liveIndex(others)) !== canonicalJson({ runs, segments, tombstones })) {
    throw new DomainLost(
      `what run ${run} has deduplicated against is no longer what the domain holds, so it cannot publish; ${AGAIN}`,
    );
  }
  const kept = others.tombstones;
  return {
    ...after,
    open: null,
    tombstones: change.tombstones === undefined ? kept : [...kept, change.tombstones],
  };
}

/**
 * Takes the publication of a run out, of either mode, and the tombstones that it brought; undefined when there is none.
 * Throws DomainTaken: a run that is open has deduplicated against it.
 */
export function withoutRun(state: LogState, run: string): LogState | undefined {
  if (publishedRun(state, run) === undefined) return undefined;
  refuseHeld(state, `run ${run} cannot be taken out meanwhile`);
  return { ...withoutPublication(stateOf(state), run), open: null };
}

const AGAIN = 'start it again, and it goes on with what is there now';

function isHeld({ open }: LogState, { run, generation }: Holder): boolean {
  return open !== null && open.run === run && open.generation === generation;
}

/** Without the place in the chain, which an entry has as well. */
const stateOf = ({ open, published, tombstones }: LogState): LogState => ({ open, published, tombstones });
