import { outputOf, readJson } from '../../lake/commit.ts';
import { RunNotFound } from '../../lake/errors.ts';
import { append, readHead, refuseHeld, UNMERGED, withCompaction } from '../../lake/log.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { type OpenBase, readBase } from './base.ts';
import { type MergeSegmentsOptions, mergeSegments } from './merge-segments.ts';
import { baseOf } from './open-domain.ts';
import { SEGMENT_RUNS, type Segment, type SegmentSource } from './segment.ts';
import { checkSegment } from './verify-segment.ts';
import { SEGMENT } from './write-segment.ts';

/** What compacting a domain did. */
export interface Compacted {
  /** False where there was nothing to do. */
  changed: boolean;
  /** Live segments before it, and the objects that a reader of all of them opens. */
  segments: number;
  objects: { before: number; after: number };
  bytes: { before: number; after: number };
  /** Documents of the index after it, and those that it has lost: retracted, or replaced by newer versions. */
  documents: number;
  dropped: number;
  /** Records that no later ingest would look at: they stand too far behind in a bucket. */
  surplus: number;
  logEntry: number;
  segment: ObjectRef | null;
}

/**
 * Merges all live segments of a domain into one and names it in the domain's log, in one entry. Killed anywhere it leaves
 * the log as it was, and what a second call finds of it that call goes on from. Throws DomainTaken while a run holds the
 * domain, PinMismatch on segments of different releases, RunNotFound.
 */
export async function compactDomain(
  store: ObjectStore,
  domain: string,
  options: MergeSegmentsOptions = {},
): Promise<Compacted> {
  for (;;) {
    const { entry } = await readHead(store, domain);
    if (entry.number === 0) {
      throw new RunNotFound(`nothing is published in domain ${domain}`, { bucket: store.bucket });
    }
    refuseHeld(entry, UNMERGED);
    const base = await readBase(store, await baseOf(store, entry));
    const before = sizesOf(base.opened);
    if (await isCompact(store, base)) {
      const documents = base.opened.reduce((sum, each) => sum + each.documents, 0);
      return {
        ...{ changed: false, segments: base.segments.length, documents, dropped: 0, surplus: 0 },
        objects: { before: before.objects, after: before.objects },
        bytes: { before: before.bytes, after: before.bytes },
        ...{ logEntry: entry.number, segment: base.segments[0] ?? null },
      };
    }
    const commit = await mergeSegments(store, domain, base, options);
    const { key, sha256 } = outputOf(commit, SEGMENT);
    const segment = { key, sha256 };
    options.report?.('checking what was written');
    await checkSegment(store, segment);
    let moved = false;
    const head = await append(store, domain, (state) => {
      const change = withCompaction(state, base, segment);
      moved = change === 'moved';
      return change === 'moved' ? undefined : change;
    });
    // Another publication or retraction came first: what was merged is not what is live.
    if (moved) continue;
    const after = sizesOf([await readJson<Segment>(store, segment)]);
    const { documents = 0, dropped = 0, surplus = 0 } = commit.counts;
    return {
      ...{ changed: true, segments: base.segments.length, documents, dropped, surplus },
      objects: { before: before.objects, after: after.objects },
      bytes: { before: before.bytes, after: after.bytes },
      ...{ logEntry: head.entry.number, segment },
    };
  }
}

/** Whether merging would change nothing: one segment at most, and nothing of it is out. */
async function isCompact(store: ObjectStore, base: OpenBase): Promise<boolean> {
  const [only, ...others] = base.opened;
  if (only === undefined) return true;
  if (others.length > 0 || base.tombstones.length > 0) return false;
  return (await readJson<SegmentSource[]>(store, only.sources)).every(({ source }) =>
    base.sources.has(source),
  );
}

function sizesOf(segments: readonly Segment[]): { objects: number; bytes: number } {
  const outputs = segments.flatMap((segment) => SEGMENT_RUNS.flatMap((name) => segment[name]));
  return { objects: outputs.length, bytes: outputs.reduce((sum, { size }) => sum + size, 0) };
}
