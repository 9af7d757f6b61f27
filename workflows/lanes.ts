import { startChild, workflowInfo } from '@temporalio/workflow';
import type { LaneInput, LaneResult, Lists, ObjectRef, PartitionPhase, PlannedInput } from './contract.ts';
import { keepFailures } from './failed-sources.ts';
import type { IngestState } from './ingest-state.ts';
import { addCounts, inParallel } from './pool.ts';
import { processPartitions } from './process-partitions.ts';
import { LANES_IN_FLIGHT } from './steering.ts';

/** Entries of a lane at most, as a page of the plan holds them. */
const LANE_ENTRIES = 250;
/** Activities of a lane at most: each costs it up to five events, and it has no continue-as-new. */
const LANE_ACTIVITIES = 1_200;

/** One phase of all partitions of some inputs. */
export interface Pass {
  /** The commits of each lane as a list, by input. */
  lists: Lists;
  counts: Record<string, number>;
  failedPartitions: number;
  failedSources: LaneResult['failedSources'][];
}

/** Runs a phase of the partitions of some inputs in lanes. `onLane` is waited for after each, before the next one starts. */
export async function inLanes(
  state: IngestState,
  inputs: readonly PlannedInput[],
  phase: PartitionPhase,
  laneOf: (input: PlannedInput, lane: number) => Omit<LaneInput, 'run' | 'phase' | 'input' | 'from' | 'to'>,
  onLane: (pass: Pass) => Promise<void> = async () => {},
): Promise<Pass> {
  const { opened, lanes, parking, steering, progress } = state;
  const run = { domain: opened.domain, run: opened.run };
  const pass: Pass = { lists: {}, counts: {}, failedPartitions: 0, failedSources: [] };
  // The same in every phase: a lane takes up the list of the lane before it. A synthesize lane has an activity a round.
  const size = Math.max(1, Math.min(LANE_ENTRIES, Math.floor(LANE_ACTIVITIES / opened.rounds)));
  const all = inputs.flatMap((input) =>
    Array.from({ length: Math.ceil(input.entries / size) }, (_, lane) => ({ input, lane })),
  );
  steering.expect(all.length, phase === 'synthesize');
  const results = await inParallel(all.length, LANES_IN_FLIGHT, async (i) => {
    const { input, lane } = all[i] as { input: PlannedInput; lane: number };
    const from = lane * size;
    const to = Math.min(from + size, input.entries);
    const args: LaneInput = { ...laneOf(input, lane), run, phase, input: input.name, from, to };
    const id = `${workflowInfo().workflowId}/${phase}/${input.name}/${lane}`;
    const result = await parking.mended(async () => {
      lanes.add(id);
      try {
        return await steering.lane(id, (limits) =>
          startChild(processPartitions, { workflowId: id, args: [{ ...args, ...limits }] }),
        );
      } finally {
        lanes.delete(id);
      }
    });
    progress.done += to - from;
    addCounts(pass.counts, result.counts);
    keepFailures(state.failures, result.failures);
    pass.failedPartitions += result.failedPartitions;
    pass.failedSources.push(result.failedSources);
    state.count(result.counts);
    await onLane(pass);
    return result.list;
  });
  for (const [i, { input }] of all.entries()) {
    pass.lists[input.name] = [...(pass.lists[input.name] ?? []), results[i] as ObjectRef];
  }
  return pass;
}

/** The list of lane `lane` in the phase before. */
export function before(lists: readonly ObjectRef[] | undefined, lane: number): { before: ObjectRef } {
  const list = lists?.[lane];
  if (list === undefined) throw new Error(`the phase before left no list for lane ${lane}`);
  return { before: list };
}
