import { readJson } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { addSummary, commonest, emptySummary, type PairSummary } from './summary.ts';

/** Openings that a publication tells. */
const OPENINGS = 20;
/** Summaries that are read at once. */
const READS = 16;

/** What a publication says of its pairs: the summaries of all partitions, of their openings the commonest. */
export interface PairReport extends Omit<PairSummary, 'openings'> {
  openings: [opening: string, pairs: number][];
}

/** Adds up the summaries of partitions. Holds every distinct opening of the run. */
export async function sumSummaries(
  store: ObjectStore,
  summaries: readonly ObjectRef[],
): Promise<PairSummary> {
  const sum = emptySummary();
  for (let i = 0; i < summaries.length; i += READS) {
    const some = summaries.slice(i, i + READS).map((each) => readJson<PairSummary>(store, each));
    for (const each of await Promise.all(some)) addSummary(sum, each);
  }
  return sum;
}

export function reportOf(summary: PairSummary): PairReport {
  return { ...summary, openings: commonest(summary.openings, OPENINGS) };
}
