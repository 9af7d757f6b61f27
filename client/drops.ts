import { readPins } from '../activities/plan/pins.ts';
import { addReasons } from '../activities/reasons.ts';
import { DROP_COLUMNS, DROPS, type DroppedSegment, droppedSegment } from '../activities/synthesize/drops.ts';
import type { ObjectStore } from '../lake/store.ts';
import { readBatches } from '../lake/table.ts';
import type { RunRef } from '../workflows/contract.ts';
import { stageCommits } from './stage-commits.ts';

/** What a run dropped from its answers. */
export interface Drops {
  /** All of it by reason. */
  reasons: Record<string, number>;
  /** The first of those that were asked for. */
  segments: DroppedSegment[];
  /** How many were asked for. */
  matching: number;
}

/**
 * Reads what the rounds of a run dropped, as far as they are committed; of segments of `reason` (all without one) it holds
 * `limit`. A round that was done again with other inputs (sources that failed meanwhile) counts what both dropped once.
 * Throws RunNotFound.
 */
export async function readDrops(
  store: ObjectStore,
  run: RunRef,
  { reason, limit }: { reason?: string; limit: number },
): Promise<Drops> {
  await readPins(store, run);
  const drops: Drops = { reasons: {}, segments: [], matching: 0 };
  for await (const commits of stageCommits(store, run, ['synthesize'])) {
    const seen = new Set<string>();
    for (const { outputs } of commits) {
      const table = outputs.find(({ name }) => name === DROPS);
      if (table === undefined) continue;
      const columns = DROP_COLUMNS.map(({ name }) => name);
      for await (const rows of readBatches(store, table, columns)) {
        for (const segment of rows.map(droppedSegment)) {
          const same = JSON.stringify(segment);
          if (commits.length > 1 && seen.has(same)) continue;
          seen.add(same);
          addReasons(drops.reasons, { [segment.reason]: 1 });
          if (reason !== undefined && segment.reason !== reason) continue;
          drops.matching++;
          if (drops.segments.length < limit) drops.segments.push(segment);
        }
      }
    }
  }
  return drops;
}
