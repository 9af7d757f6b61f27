import type { StageCommit } from '../../lake/commit.ts';
import { NothingToDo } from '../../lake/errors.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import type { PlannedSource, SourceFailure } from '../plan/partitions.ts';
import type { RunPins } from '../plan/pins.ts';
import { readSources } from '../plan/read-plan.ts';
import { addReasons } from '../reasons.ts';
import type { ScannedSource } from '../scan/scan-partition.ts';
import type { Services } from '../services.ts';

export const FAILED = 'failed-sources.json';
/** A source that failed anywhere: none of its rows exist for the run. */
export interface FailedSourceRows extends SourceFailure {
  source: number;
  key: string;
  rows: number;
}
/** What all scans of a run say together. */
export interface Scanned {
  sources: PlannedSource[];
  commits: StageCommit[];
  /** In the order of sources. */
  failed: FailedSourceRows[];
  /** Sums over the sources that did not fail. */
  texts: number;
  rejects: number;
  rejectReasons: Record<string, number>;
}

/** Reads what the scans left. A source that failed in one of its partitions has failed. */
export async function readScanned(
  { store }: Pick<Services, 'store'>,
  { plan, scans }: { plan: ObjectRef; scans: readonly ObjectRef[] },
): Promise<Scanned> {
  const refs = await readLists(store, scans);
  const commits = await readCommits(store, refs);
  const sources = await readSources(store, plan, 'corpus');
  const scanned = commits.flatMap(({ data }) => data as ScannedSource[]);
  const failures = new Map<number, SourceFailure>();
  for (const { ordinal, failure } of sources) if (failure) failures.set(ordinal, failure);
  for (const { source, failure } of scanned) if (failure) failures.set(source, failure);
  const failed = sources.flatMap(({ ordinal, key, rows }): FailedSourceRows[] => {
    const failure = failures.get(ordinal);
    return failure === undefined ? [] : [{ source: ordinal, key, rows, ...failure }];
  });
  const alive = scanned.filter(({ source }) => !failures.has(source));
  const sum = (count: (each: ScannedSource) => number): number =>
    alive.reduce((total, each) => total + count(each), 0);
  const rejectReasons: Record<string, number> = {};
  for (const each of alive) addReasons(rejectReasons, each.rejectReasons);
  return {
    sources,
    commits,
    failed,
    texts: sum(({ texts }) => texts),
    rejects: sum(({ rejects }) => rejects),
    rejectReasons,
  };
}

/** Throws NothingToDo when nothing valid is left. */
export function refuseNothing(
  { sources, failed, texts, rejects, rejectReasons }: Scanned,
  { spec }: RunPins,
  bucket: string,
): void {
  if (texts > 0) return;
  const reasons = Object.entries(rejectReasons).map(([reason, count]) => `${count} ${reason}`);
  throw new NothingToDo(
    `no row under the prefix holds text that is used: ${rejects} rejects${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}, ${failed.length} of ${sources.length} sources failed`,
    { bucket, key: spec.input.prefix },
  );
}
