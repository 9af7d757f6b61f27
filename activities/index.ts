import { Context } from '@temporalio/activity';
import { TemporalFailure } from '@temporalio/common';
import type { Activities, Done } from '../workflows/contract.ts';
import type { CpuStage } from './cpu-stages.ts';
import { plainFailure, temporalFailure } from './failure.ts';
import { saveList } from './lists.ts';
import { type OpenRunDeps, openRun } from './plan/open-run.ts';
import { planSources } from './plan/plan-sources.ts';
import { publishRun } from './publish/publish-run.ts';
import { openServices } from './services.ts';
import type { Settings } from './settings.ts';
import { openEndpoints } from './synthesize/endpoints.ts';
import { synthesizeRound } from './synthesize/synthesize-round.ts';
import { cancelTraining, launchTraining, resolveTraining, watchTraining } from './train/training.ts';
import type { Work } from './work.ts';

/** Heartbeats say that the worker lives; what is done is told by commits alone. */
const HEARTBEAT_MS = 5_000;

export interface ActivityDeps extends OpenRunDeps {
  settings: Settings;
  /** Runs a CPU stage in a thread; sets the shared flag to stop it. */
  runInThread(stage: CpuStage, input: unknown, signal: AbortSignal): Promise<Done>;
}

/** All activities of the contract. */
export function createActivities(deps: ActivityDeps): Activities & { close(): Promise<void> } {
  const services = openServices(deps.settings);
  const endpoints = openEndpoints(deps.settings.endpoints);

  /** Runs the work of an activity under heartbeats; its failure becomes one that Temporal understands. */
  async function alive<T>(work: (work: Work) => Promise<T>): Promise<T> {
    const context = Context.current();
    const signal = context.cancellationSignal;
    const beat = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
    context.heartbeat();
    try {
      return await work({ ...services, endpoints, signal, checkCancelled: () => signal.throwIfAborted() });
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // What comes from a thread has been made one there, and must stay as final as it is.
      throw error instanceof TemporalFailure
        ? error
        : temporalFailure(plainFailure(error), context.info.attempt);
    } finally {
      clearInterval(beat);
    }
  }
  const inThread =
    (stage: CpuStage) =>
    (input: unknown): Promise<Done> =>
      alive(({ signal }) => deps.runInThread(stage, input, signal));

  return {
    openRun: (input) => alive((work) => openRun(work, deps, input)),
    planSources: (input) => alive((work) => planSources(work, input)),
    saveList: (input) => alive((work) => saveList(work, input)),
    scanPartition: inThread('scanPartition'),
    dedupeDocuments: inThread('dedupeDocuments'),
    synthesizeRound: (input) => alive((work) => synthesizeRound(work, input)),
    templatePartition: inThread('templatePartition'),
    templateInstructions: inThread('templateInstructions'),
    settleFailures: inThread('settleFailures') as Activities['settleFailures'],
    mixSources: inThread('mixSources') as Activities['mixSources'],
    exchangePartition: inThread('exchangePartition'),
    buildShard: inThread('buildShard'),
    publishRun: (input) => alive((work) => publishRun(work, input)),
    resolveTraining: (input) => alive((work) => resolveTraining(work, input)),
    launchTraining: (input) => alive((work) => launchTraining(work, input)),
    watchTraining: (input) => alive((work) => watchTraining(work, input)),
    cancelTraining: (input) => alive((work) => cancelTraining(work, input)),
    close: () => endpoints.close(),
  };
}
