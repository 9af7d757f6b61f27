import type { ExchangeRecord } from './encode.ts';
import { directoryEntry } from './format.ts';
import { type KeyRange, keyRange } from './key.ts';
import { mergeRuns } from './merge.ts';
import type { Run } from './run.ts';

/**
 * As `mergeRuns`, for runs whose keys hardly overlap, such as those by row that one scan after the other left: only those
 * that do are open at the same time, so that any number of them can be read through.
 */
export async function* chainRuns(
  runs: readonly Run[],
  range: KeyRange = keyRange(0, 1),
): AsyncGenerator<ExchangeRecord[], void> {
  for (const group of overlapping(runs, range)) yield* mergeRuns(group, range);
}

/** Groups of runs that share keys of the range, in the order of these. */
function overlapping(runs: readonly Run[], { from, to }: KeyRange): Run[][] {
  const spans = runs
    .filter(({ blocks }) => blocks > 0)
    .map((run) => ({
      run,
      first: directoryEntry(run.directory, 0).firstKey,
      last: directoryEntry(run.directory, run.blocks - 1).lastKey,
    }))
    .filter(({ first, last }) => last >= from && first < to)
    .sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const groups: Run[][] = [];
  let end: bigint | undefined;
  for (const { run, first, last } of spans) {
    if (end !== undefined && first <= end) {
      groups.at(-1)?.push(run);
      if (last > end) end = last;
    } else {
      groups.push([run]);
      end = last;
    }
  }
  return groups;
}
