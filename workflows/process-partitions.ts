import { defineQuery, setHandler } from '@temporalio/workflow';
import type { CommitPointer, Done, FailedSource, LaneInput, LaneResult, Progress } from './contract.ts';
import { activities } from './limits.ts';
import { addCounts, inParallel } from './pool.ts';

/** Partitions of a lane that are under way at once; the workers' own limits decide how many of them really run. */
const IN_FLIGHT = 32;
/** Failures that a lane carries; all of them are in the commits. */
const FAILURES_KEPT = 100;

const progress = defineQuery<Progress>('progress');

/** One lane: a phase of at most 250 partitions, activities side by side, no child per partition. */
export async function processPartitions(lane: LaneInput): Promise<LaneResult> {
  const total = lane.to - lane.from;
  const counts: Record<string, number> = {};
  const failures: FailedSource[] = [];
  let done = 0;
  setHandler(progress, () => ({ phase: lane.phase, done, total, counts, lanes: [], parked: null }));

  const items = await inParallel(total, IN_FLIGHT, async (i) => {
    const result = await runPartition(lane, i, (step) => addCounts(counts, step.counts));
    failures.push(...(result.failures ?? []).slice(0, FAILURES_KEPT - failures.length));
    done++;
    return result.ref;
  });
  const list = await activities.saveList({ run: lane.run, items });
  return { list, counts, failures };
}

async function runPartition(lane: LaneInput, i: number, onStep: (step: Done) => void): Promise<Done> {
  const { run, plan, input, verdicts = [] } = lane;
  const entry = { plan, input, index: lane.from + i };
  async function step(work: Promise<Done>): Promise<Done> {
    const done = await work;
    onStep(done);
    return done;
  }
  switch (lane.phase) {
    case 'scan':
      return step(activities.scanPartition({ run, entry }));
    case 'synthesize': {
      let previous: CommitPointer = before(lane, i);
      let done: Done = { ref: previous, counts: {} };
      for (let round = 0; round < (lane.rounds ?? 1); round++) {
        done = await step(activities.synthesizeRound({ run, entry, round, previous, verdicts }));
        previous = done.ref;
      }
      return done;
    }
    case 'template':
      return step(
        input === 'corpus'
          ? activities.templatePartition({ run, entry, previous: before(lane, i), verdicts })
          : activities.templateInstructions({ run, entry }),
      );
    case 'exchange': {
      const { mix } = lane;
      if (mix === undefined) throw new Error('a lane of the exchange needs the mix');
      return step(activities.exchangePartition({ run, documents: before(lane, i), mix, input }));
    }
  }
}

function before(lane: LaneInput, i: number): CommitPointer {
  if (lane.before === undefined)
    throw new Error(`a lane of ${lane.phase} needs the commits of the phase before`);
  return { ...lane.before, at: i };
}
