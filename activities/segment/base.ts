import { atOnce } from '../../lake/at-once.ts';
import { outputOf, readCommit, readJson } from '../../lake/commit.ts';
import { keyRange, mergeRuns, type Run } from '../../lake/exchange.ts';
import type { LiveIndex, TombstoneSet } from '../../lake/log.ts';
import { openCommittedRun, openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { type Place, rowOf } from '../dedupe/records.ts';
import type { Segment, SegmentRuns, SegmentSource } from './segment.ts';

export const BASE = 'base.json';
/** Segments that are read at once. */
const READS = 16;

/** What an incremental run deduplicates against: the domain's incremental publications that are live when it opens. */
export interface Base extends LiveIndex {
  /** The first ordinal of the run's own sources. */
  nextSource: number;
}

/** A base, ready to be read. */
export interface OpenBase extends Base, Record<SegmentRuns, () => Promise<Run[]>> {
  opened: Segment[];
  /** Live sources by ordinal, of all segments. */
  sources: ReadonlyMap<number, SegmentSource>;
  /** Whether a document of a segment does not count: its run was retracted, or it has a tombstone. */
  isOut(place: Place): boolean;
}

/** The base that a plan rests on; undefined for one of mode `full`. */
export async function baseOfPlan(store: ObjectStore, plan: ObjectRef): Promise<Base | undefined> {
  const commit = await readCommit(store, plan);
  if (!commit.outputs.some(({ name }) => name === BASE)) return undefined;
  return readJson<Base>(store, outputOf(commit, BASE));
}

/** The same, ready to be read. */
export async function openBase(store: ObjectStore, plan: ObjectRef): Promise<OpenBase | undefined> {
  const base = await baseOfPlan(store, plan);
  return base && readBase(store, base);
}

/** Reads what a base names: segments, their sources, tombstones. */
export async function readBase(store: ObjectStore, base: Base): Promise<OpenBase> {
  const opened = await readSegments(store, base);
  const alive = await liveSources(store, base, opened);
  const sources = new Map(alive.map((each) => [each.source, each]));
  const dead = await readTombstones(store, base.tombstones);
  const runsOf = (name: SegmentRuns) => (): Promise<Run[]> =>
    openCommittedRuns(
      store,
      opened.flatMap((segment) => segment[name]),
    );
  return {
    ...base,
    opened,
    sources,
    isOut: ({ source, row }) => !sources.has(source) || dead.get(source)?.has(row) === true,
    buckets: runsOf('buckets'),
    hashes: runsOf('hashes'),
    signatures: runsOf('signatures'),
    shingles: runsOf('shingles'),
  };
}

/** The segments of a base. */
export function readSegments(store: ObjectStore, { segments }: Pick<Base, 'segments'>): Promise<Segment[]> {
  return atOnce(segments, READS, (ref) => readJson<Segment>(store, ref));
}

/** The sources that live publications of a base have taken, by its segments. */
export async function liveSources(
  store: ObjectStore,
  { runs }: Base,
  opened: readonly Segment[],
): Promise<SegmentSource[]> {
  const live = new Set(runs.map(({ run }) => run));
  const lists = await Promise.all(opened.map(({ sources }) => readJson<SegmentSource[]>(store, sources)));
  return lists.flat().filter(({ run }) => live.has(run));
}

/** Rows with a tombstone, by the ordinal of their source: key = the row, payload empty. */
async function readTombstones(
  store: ObjectStore,
  tombstones: readonly TombstoneSet[],
): Promise<Map<number, Set<number>>> {
  const dead = new Map<number, Set<number>>();
  const runs = await Promise.all(
    tombstones.map((each) => openCommittedRun(store, { name: 'tombstones', ...each })),
  );
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    for (const { key } of batch) {
      const { source, row } = rowOf(key);
      const rows = dead.get(source) ?? new Set();
      dead.set(source, rows);
      rows.add(row);
    }
  }
  return dead;
}
