import type { ObjectRef } from '../../workflows/contract.ts';
import { canonicalJson } from '../hash.ts';
import { type LiveIndex, type LogState, liveIndex } from './entry.ts';
import { refuseHeld } from './held.ts';

/** Why nothing is merged while a run holds the domain. */
export const UNMERGED = 'it deduplicates against its segments, which cannot be merged meanwhile';

/**
 * All live incremental publications name one segment, which is what `base` was merged into; the tombstones are used up.
 * Undefined when they do already, 'moved' when the live index is no longer `base`. Throws DomainTaken: a run that is open has
 * deduplicated against the segments as they are.
 */
export function withCompaction(
  state: LogState,
  { runs, segments, tombstones }: LiveIndex,
  segment: ObjectRef,
): LogState | 'moved' | undefined {
  const now = liveIndex(state);
  const isDone = now.segments.length === 1 && now.segments[0]?.sha256 === segment.sha256;
  if (isDone && now.tombstones.length === 0) return undefined;
  if (canonicalJson(now) !== canonicalJson({ runs, segments, tombstones })) return 'moved';
  refuseHeld(state, UNMERGED);
  const live = new Set(runs.map(({ run }) => run));
  return {
    open: null,
    published: state.published.map((each) => (live.has(each.run) ? { ...each, segment } : each)),
    tombstones: [],
  };
}
