import {
  CONTAMINATION,
  CONTAMINATION_COLUMNS,
  type ContaminationRow,
  contaminationRow,
} from '../activities/benchmarks/contamination.ts';
import type { IndexedSet } from '../activities/benchmarks/index-benchmarks.ts';
import { readPins } from '../activities/plan/pins.ts';
import { BadUsage } from '../lake/errors.ts';
import { suggest } from '../lake/nearest.ts';
import type { ObjectStore } from '../lake/store.ts';
import { readBatches } from '../lake/table.ts';
import type { RunRef } from '../workflows/contract.ts';
import { stageCommits } from './stage-commits.ts';

/** Rows of the tables of one kind. */
export interface ContaminationSum
  extends Pick<ContaminationRow, 'benchmark' | 'field' | 'source' | 'policy'> {
  rows: number;
}
/** What of evaluation sets was found in a run. */
export interface RunContamination {
  /** The sets, as far as they are indexed. */
  sets: IndexedSet[];
  /** Rows of the tables, all of them. */
  matches: ContaminationSum[];
  /** The first of those that were asked for. */
  rows: ContaminationRow[];
  /** How many were asked for. */
  matching: number;
}

/**
 * Reads what a run has found of its evaluation sets, as far as it is committed; of rows of `benchmark` (of all without one) it
 * holds `limit`. A partition that was done again (sources that failed meanwhile) counts what both found once.
 * Throws RunNotFound; BadUsage where the spec names no such set, or none at all.
 */
export async function readContamination(
  store: ObjectStore,
  run: RunRef,
  { benchmark, limit }: { benchmark?: string; limit: number },
): Promise<RunContamination> {
  const { decontaminate } = (await readPins(store, run)).spec;
  if (decontaminate === undefined) {
    throw new BadUsage(`the spec of ${run.domain}/${run.run} names no evaluation sets (decontaminate.sets)`);
  }
  const names = decontaminate.sets.map(({ name }) => name);
  if (benchmark !== undefined && !names.includes(benchmark)) {
    throw new BadUsage(`the spec names no evaluation set "${benchmark}"${suggest(benchmark, names)}`);
  }
  const found: RunContamination = { sets: [], matches: [], rows: [], matching: 0 };
  const sums = new Map<string, ContaminationSum>();
  const columns = CONTAMINATION_COLUMNS.map(({ name }) => name);
  for await (const commits of stageCommits(store, run, ['benchmarks', 'scan', 'filter', 'template'])) {
    const seen = new Set<string>();
    for (const { stage, outputs, data } of commits) {
      if (stage === 'benchmarks') found.sets = data as IndexedSet[];
      const table = outputs.find(({ name }) => name === CONTAMINATION);
      if (table === undefined) continue;
      for await (const rows of readBatches(store, table, columns)) {
        for (const each of rows.map(contaminationRow)) {
          const same = JSON.stringify(each);
          if (commits.length > 1 && seen.has(same)) continue;
          seen.add(same);
          const { field, source, policy } = each;
          const sum = { benchmark: each.benchmark, field, source, policy, rows: 0 };
          const key = JSON.stringify(sum);
          sums.set(key, { ...sum, rows: (sums.get(key)?.rows ?? 0) + 1 });
          if (benchmark !== undefined && each.benchmark !== benchmark) continue;
          found.matching++;
          if (found.rows.length < limit) found.rows.push(each);
        }
      }
    }
  }
  found.matches = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum);
  return found;
}
