import { HandlerUnfinishedPolicy } from '@temporalio/common';
import {
  condition,
  defineQuery,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  CommitPointer,
  Done,
  FailedSource,
  LaneInput,
  LaneResult,
  ListItem,
  Progress,
  SetLimits,
} from './contract.ts';
import { failedInLane, noted } from './failed-sources.ts';
import { causeOf, isFault } from './failure.ts';
import { activities } from './limits.ts';
import { addCounts, inParallel } from './pool.ts';
import { openRounds, type Rounds, UNLIMITED } from './rounds.ts';
import { confirmLimits, setLimits } from './steering.ts';

/** Partitions of a lane that are under way at once; the workers' own limits decide how many of them really run. */
const IN_FLIGHT = 32;
/** Failures that a lane carries; all of them are in the commits. */
const FAILURES_KEPT = 100;

const progress = defineQuery<Progress>('progress');

/**
 * One lane: a phase of at most 250 partitions, activities side by side, no child per partition. A partition that fails
 * for good is noted in the lane's list, where its phase allows that; its neighbours go on. When the configuration makes
 * one fail, nothing more starts, and the lane fails once what runs has ended: the parent asks, and runs it again.
 */
export async function processPartitions(lane: LaneInput): Promise<LaneResult> {
  const total = lane.to - lane.from;
  const counts: Record<string, number> = {};
  const failures: FailedSource[] = [];
  const failed: string[][] = Array.from({ length: total }, () => []);
  let failedPartitions = 0;
  let refused: unknown;
  let done = 0;
  const rounds = openRounds(total, IN_FLIGHT, lane.limits ?? UNLIMITED);
  setHandler(progress, () => {
    const { paused, concurrency } = rounds.limits;
    return {
      phase: lane.phase,
      done,
      total,
      counts,
      lanes: [],
      parked: null,
      waiting: null,
      paused,
      concurrency,
    };
  });
  listen(rounds);
  /** Starts an activity as soon as the run is not paused. */
  async function start<T>(activity: () => Promise<T>): Promise<T> {
    while (rounds.limits.paused) await condition(() => !rounds.limits.paused);
    return activity();
  }

  const items = await inParallel(total, IN_FLIGHT, async (i): Promise<ListItem | undefined> => {
    if (refused !== undefined) return undefined;
    try {
      const result = await runPartition(lane, i, { start, rounds, count: (more) => addCounts(counts, more) });
      const { failures: more = [] } = result;
      failed[i] = more.map(({ key }) => key);
      const news = more.filter(({ key }) => !failures.some((told) => told.key === key));
      failures.push(...noted(news.slice(0, FAILURES_KEPT - failures.length), lane.phase));
      done++;
      return result.ref;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { family, type, message } = causeOf(error);
      if (family === 'configuration') {
        refused ??= error;
        return undefined;
      }
      if (family === 'usage' || !settles(lane)) throw error;
      failedPartitions++;
      done++;
      return { failed: { type, message } };
    } finally {
      rounds.left();
    }
  });
  if (refused !== undefined) throw refused;
  const list = await start(() => activities.saveList({ run: lane.run, items: items as ListItem[] }));
  return { list, counts, failures, failedSources: failedInLane(failed), failedPartitions };
}

/** Whether the parent can leave out the sources of a partition that fails in this phase: between verdicts and mix. */
const settles = ({ phase, input }: LaneInput): boolean =>
  input === 'corpus' && (phase === 'synthesize' || phase === 'template');

/** Takes over what the parent says of pauses and limits, and confirms what is no longer used. */
function listen(rounds: Rounds): void {
  const { workflowId, parent } = workflowInfo();
  async function take({ confirm, ...limits }: SetLimits): Promise<void> {
    rounds.set(limits);
    if (confirm === undefined || parent === undefined) return;
    await condition(() => rounds.within());
    const { workflowId: id, runId } = parent;
    await getExternalWorkflowHandle(id, runId).signal(confirmLimits, { lane: workflowId, confirm });
  }
  // A lane that ends needs to confirm nothing.
  setHandler(setLimits, take, { unfinishedPolicy: HandlerUnfinishedPolicy.ABANDON });
}

interface Steps {
  /** Starts an activity as soon as the run is not paused. */
  start<T>(activity: () => Promise<T>): Promise<T>;
  rounds: Rounds;
  count(more: Record<string, number>): void;
}

async function runPartition(lane: LaneInput, i: number, { start, rounds, count }: Steps): Promise<Done> {
  const { run, plan, input, verdicts = [] } = lane;
  const entry = { plan, input, index: lane.from + i };
  const settled = lane.settled === undefined ? {} : { settled: lane.settled };
  const sets = lane.benchmarks === undefined ? {} : { benchmarks: lane.benchmarks };
  async function step(work: Promise<Done>): Promise<Done> {
    const done = await work;
    count(done.counts);
    return done;
  }
  switch (lane.phase) {
    case 'scan':
      return step(leniently((how) => start(() => activities.scanPartition({ run, entry, ...sets, ...how }))));
    case 'synthesize': {
      let previous: CommitPointer = before(lane, i);
      let done: Done = { ref: previous, counts: {} };
      for (let round = 0; round < (lane.rounds ?? 1); round++) {
        const input = { run, entry, round, previous, verdicts };
        done = await step(rounds.run((share) => activities.synthesizeRound({ ...input, ...share })));
        previous = done.ref;
      }
      return done;
    }
    case 'template':
      return step(
        input === 'corpus'
          ? start(() =>
              activities.templatePartition({
                run,
                entry,
                previous: before(lane, i),
                verdicts,
                ...sets,
                ...settled,
              }),
            )
          : leniently((how) =>
              start(() => activities.templateInstructions({ run, entry, ...sets, ...settled, ...how })),
            ),
      );
    case 'exchange': {
      const { mix } = lane;
      if (mix === undefined) throw new Error('a lane of the exchange needs the mix');
      const documents = before(lane, i);
      return step(start(() => activities.exchangePartition({ run, documents, mix, input })));
    }
  }
}

/** A fault of ours that stays after all its attempts is looked at source by source: those in which it shows fail alone. */
async function leniently(work: (how: { lenient?: true }) => Promise<Done>): Promise<Done> {
  try {
    return await work({});
  } catch (error) {
    if (isCancellation(error) || !isFault(causeOf(error))) throw error;
    return work({ lenient: true });
  }
}

function before(lane: LaneInput, i: number): CommitPointer {
  if (lane.before === undefined)
    throw new Error(`a lane of ${lane.phase} needs the commits of the phase before`);
  return { ...lane.before, at: i };
}
