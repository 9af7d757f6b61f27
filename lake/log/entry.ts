import type { ObjectRef } from '../../workflows/contract.ts';

/** A run that is visible: its publication, by key and hash. */
export interface PublishedRun {
  run: string;
  generation: number;
  mode: 'full' | 'incremental';
  publication: ObjectRef;
  /** What later runs deduplicate against; of incremental ones alone. Several runs share one once they are compacted. */
  segment?: ObjectRef;
}
/** Documents that the publication of `run` has replaced by newer versions of their sources. */
export interface TombstoneSet extends ObjectRef {
  run: string;
  /** Bytes of the object, a run of the exchange. */
  size: number;
}
/** An execution of a run that may hold a domain. */
export interface Holder {
  run: string;
  generation: number;
}
/** One entry of a domain's log: the full live state after it, and the hash of the entry before. */
export interface LogEntry {
  number: number;
  /** SHA-256 of the bytes of the entry before; empty for the first. */
  previous: string;
  /** The incremental run that holds the domain. */
  open: Holder | null;
  published: PublishedRun[];
  tombstones: TombstoneSet[];
}
/** What an entry says of the domain, without its place in the chain. */
export type LogState = Omit<LogEntry, 'number' | 'previous'>;

/** What an incremental run deduplicates against, in order of publication: it must be the same when the run publishes. */
export interface LiveIndex {
  runs: Holder[];
  /** Each once: several runs may share one. */
  segments: ObjectRef[];
  tombstones: TombstoneSet[];
}

/** The publication of `run` in a state of the log. */
export function publishedRun({ published }: LogState, run: string): PublishedRun | undefined {
  return published.find((each) => each.run === run);
}

/** The live incremental publications that have a segment, their segments, and the tombstones. */
export function liveIndex({ published, tombstones }: LogState): LiveIndex {
  const runs: Holder[] = [];
  const segments = new Map<string, ObjectRef>();
  for (const { run, generation, mode, segment } of published) {
    if (mode !== 'incremental' || segment === undefined) continue;
    runs.push({ run, generation });
    segments.set(segment.sha256, { key: segment.key, sha256: segment.sha256 });
  }
  return { runs, segments: [...segments.values()], tombstones };
}

/** A state of the log as if `run` had never published: what a later generation of it begins with. */
export function withoutPublication<S extends LogState>(state: S, run: string): S {
  return {
    ...state,
    published: state.published.filter((each) => each.run !== run),
    tombstones: state.tombstones.filter((each) => each.run !== run),
  };
}
