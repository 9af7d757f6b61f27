import { outputOf, readCommit, readJson } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import type { FailedSourceRows } from '../dedupe/failures.ts';
import type { SourceRun } from '../plan/partitions.ts';

export const SETTLED = 'failed-sources.json';
/** A source of one input that has failed since the verdicts: its documents are left out. */
export interface SettledSource extends FailedSourceRows {
  input: string;
}

/** The sources that have failed since the verdicts; none where nothing was settled. */
export async function readSettled(
  store: ObjectStore,
  settled: ObjectRef | undefined,
): Promise<SettledSource[]> {
  if (settled === undefined) return [];
  const output = outputOf(await readCommit(store, settled), SETTLED);
  return readJson<SettledSource[]>(store, output);
}

/** Of these source runs of an input, the sources that are left out, by ordinal: all that a partition's result depends on. */
export async function readExcluded(
  store: ObjectStore,
  settled: ObjectRef | undefined,
  input: string,
  runs: readonly SourceRun[],
): Promise<ReadonlyMap<number, SettledSource>> {
  const here = new Set(runs.map(({ source }) => source));
  const left = await readSettled(store, settled);
  return new Map(
    left
      .filter((each) => each.input === input && here.has(each.source))
      .map((each) => [each.source, each] as const),
  );
}

/** For a fingerprint: raw keys of what is left out; undefined for none, as if the question had not come up. */
export const keysOf = (excluded: ReadonlyMap<number, SettledSource>): string[] | undefined =>
  excluded.size === 0 ? undefined : [...excluded.values()].map(({ key }) => key);
