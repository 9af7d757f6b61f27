import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ApplicationFailure, TemporalFailure } from '@temporalio/common';
import type { Activities, Done, RoundBeat } from '../workflows/contract.ts';
import type { CpuStage } from './cpu-stages.ts';
import { plainFailure, temporalFailure } from './failure.ts';
import { judgePairs } from './judge/judge-pairs.ts';
import { saveList } from './lists.ts';
import { openReplay } from './plan/open-replay.ts';
import { type OpenRunDeps, openRun } from './plan/open-run.ts';
import { planReplay, planSources } from './plan/plan-sources.ts';
import { publishRun } from './publish/publish-run.ts';
import { openPulse, type Pulse } from './pulse.ts';
import { closeDomain, openDomain } from './segment/open-domain.ts';
import { openShared, servicesOf } from './services.ts';
import type { Settings } from './settings.ts';
import { stallLimit } from './stall-limits.ts';
import { type Endpoints, openEndpoints } from './synthesize/endpoint/endpoints.ts';
import { synthesizeRound } from './synthesize/synthesize-round.ts';
import { openUnwritten } from './synthesize/unwritten.ts';
import { cancelTraining, launchTraining, resolveTraining, watchTraining } from './train/training.ts';
import { watched } from './watch.ts';
import type { Work } from './work.ts';

/** Endpoints that a heartbeat tells of at most. */
const ENDPOINTS_TOLD = 8;

export interface ActivityDeps extends OpenRunDeps {
  settings: Settings;
  /** Runs a CPU stage in a thread, which its pulse tells to stop; the thread of one that was given up is ended. */
  /** Hears of each attempt that failed. */
  onFailure?(activity: keyof Activities, error: string): void;
  runInThread(stage: CpuStage, input: unknown, pulse: Pulse, givenUp: AbortSignal): Promise<Done>;
}

/** All activities of the contract; and what is known of the endpoints that they ask. */
export function createActivities(
  deps: ActivityDeps,
): Activities & { close(): Promise<void>; statistics: Endpoints['statistics'] } {
  const { settings } = deps;
  const shared = openShared(settings);
  const endpoints = openEndpoints(settings.endpoints);
  const unwritten = openUnwritten();

  const worker = randomUUID();
  /** For who watches a round: a few numbers of each endpoint that this process asks. */
  function loads(): RoundBeat {
    const all = [...endpoints.statistics()].slice(0, ENDPOINTS_TOLD);
    return {
      worker,
      endpoints: all.map(([endpoint, { inFlight, waiting, limit, failed }]) => ({
        endpoint,
        ...{ inFlight, waiting, limit: Math.floor(limit), refused: failed.refusing },
      })),
    };
  }

  /** Runs an activity under heartbeats; its failure becomes one that Temporal understands. */
  async function alive<T>(
    activity: keyof Activities,
    work: (pulse: Pulse, givenUp: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const context = Context.current();
    const signal = context.cancellationSignal;
    const pulse = openPulse();
    const stallMs = stallLimit(activity, settings);
    const asks = activity === 'synthesizeRound' || activity === 'judgePairs';
    const beat = (): void => context.heartbeat(...(asks ? [loads()] : []));
    try {
      return await watched({ activity, pulse, signal, stallMs, beat }, (givenUp) => work(pulse, givenUp));
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      deps.onFailure?.(activity, nameOf(error));
      // What comes from a thread has been made one there, and must stay as final as it is.
      throw error instanceof TemporalFailure
        ? error
        : temporalFailure(plainFailure(error), context.info.attempt);
    }
  }
  const here =
    <I, T>(activity: keyof Activities, stage: (work: Work, input: I) => Promise<T>) =>
    (input: I): Promise<T> =>
      alive(activity, (pulse, givenUp) => {
        const signal = AbortSignal.any([Context.current().cancellationSignal, givenUp]);
        return stage(
          {
            ...servicesOf(shared, pulse, signal),
            ...{ endpoints, unwritten, enduring: shared.store, signal },
            warn: (message) => Context.current().log.warn(message),
          },
          input,
        );
      });
  const inThread =
    (stage: CpuStage) =>
    (input: unknown): Promise<Done> =>
      alive(stage, (pulse, givenUp) => deps.runInThread(stage, input, pulse, givenUp));

  return {
    openRun: here('openRun', (work, input: Parameters<Activities['openRun']>[0]) =>
      openRun(work, deps, input),
    ),
    openReplay: here('openReplay', (work, input: Parameters<Activities['openReplay']>[0]) =>
      openReplay(work, deps, input),
    ),
    openDomain: here('openDomain', openDomain),
    closeDomain: here('closeDomain', closeDomain),
    planSources: here('planSources', planSources),
    planReplay: here('planReplay', planReplay),
    indexBenchmarks: inThread('indexBenchmarks'),
    saveList: here('saveList', saveList),
    scanPartition: inThread('scanPartition'),
    combineBuckets: inThread('combineBuckets'),
    findDuplicates: inThread('findDuplicates'),
    decideDuplicates: inThread('decideDuplicates'),
    synthesizeRound: here('synthesizeRound', synthesizeRound),
    judgePairs: here('judgePairs', judgePairs),
    templatePartition: inThread('templatePartition'),
    templateInstructions: inThread('templateInstructions'),
    settleFailures: inThread('settleFailures') as Activities['settleFailures'],
    mixSources: inThread('mixSources') as Activities['mixSources'],
    exchangePartition: inThread('exchangePartition'),
    buildShard: inThread('buildShard'),
    buildSegment: inThread('buildSegment'),
    publishRun: here('publishRun', publishRun),
    resolveTraining: here('resolveTraining', resolveTraining),
    launchTraining: here('launchTraining', launchTraining),
    watchTraining: here('watchTraining', watchTraining),
    cancelTraining: here('cancelTraining', cancelTraining),
    statistics: endpoints.statistics,
    async close() {
      await endpoints.close();
      await unwritten.close();
      shared.store.close();
    },
  };
}

/** The class of an error, also of one that has become Temporal's. */
function nameOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? 'unknown';
  return error instanceof Error ? error.name : 'unknown';
}
