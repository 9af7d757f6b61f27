import {
  ApplicationFailure,
  condition,
  defineUpdate,
  isCancellation,
  metricMeter,
  setHandler,
} from '@temporalio/workflow';
import type { Decision, FailureRules, OnTimeout, Parked, Phase, Reason, RunRef } from './contract.ts';
import { causeOf } from './failure.ts';

/**
 * Where a run waits for a decision that only a person can take. It is parked for one thing at a time; what comes up
 * meanwhile waits for its turn, and may find that the decision covered it.
 */
export interface Parking {
  readonly parked: Parked | null;
  /** Runs a task once nothing is parked. When the configuration makes it fail the run parks, and `resume` runs it again. */
  mended<T>(task: () => Promise<T>): Promise<T>;
  /** Parks as long as `excess` says what is too much; `accept` takes what there is by then. */
  accepted(excess: () => string | undefined, accept: () => void): Promise<void>;
}
export interface ParkingDeps {
  run: RunRef;
  rules: FailureRules;
  phase: () => Phase;
  /** Called whenever a run is parked, and when it is no longer. */
  onChange: () => void;
}

/** Opens the parking place of a run and sets the handlers of its updates. */
export function openParking({ run, rules, phase, onChange }: ParkingDeps): Parking {
  const name = `${run.domain}/${run.run}`;
  const gauge = metricMeter
    .createGauge('instruct_lake_parked', 'int', 'runs', 'Runs that wait for a decision.')
    .withTags({ ...run });
  let parked: Parked | null = null;
  let decided = false;
  /** The run fails for want of a decision: nothing of it starts any more. */
  let over = false;
  let resumed = 0;

  for (const decision of ['acceptPartial', 'resume'] as const) {
    const update = defineUpdate<Parked, []>(decision);
    setHandler(update, () => take(decision), { validator: () => void waiting(decision) });
  }
  /** What a decision would end. Throws a sentence that says why it ends nothing. */
  function waiting(decision: Decision): Parked {
    const why =
      parked === null || decided
        ? 'is not parked: there is nothing to decide'
        : parked.decisions.includes(decision)
          ? undefined
          : `is parked for ${parked.type}; what ends that is ${parked.decisions.join(' or ')}`;
    if (parked === null || why !== undefined) {
      throw ApplicationFailure.nonRetryable(`${name} ${why}`, 'BadUsage');
    }
    return parked;
  }
  function take(decision: Decision): Parked {
    const ended = waiting(decision);
    decided = true;
    return ended;
  }
  async function empty(): Promise<void> {
    while (parked !== null || over) await condition(() => parked === null && !over);
  }

  /** Parks until `decision` is taken, or as if it were when time is over and it says so; false when the run shall fail. */
  async function park(
    { type, message }: Reason,
    { decision, onTimeout, onDecided }: { decision: Decision; onTimeout: OnTimeout; onDecided: () => void },
  ): Promise<boolean> {
    const time = (ms: number): string => new Date(ms).toISOString();
    const since = Date.now();
    const until = since + rules.decisionTimeout;
    const decisions = [decision];
    parked = { phase: phase(), type, message, since: time(since), until: time(until), onTimeout, decisions };
    decided = false;
    gauge.set(1);
    onChange();
    over = true;
    try {
      const taken = await condition(() => decided, rules.decisionTimeout);
      if (taken || onTimeout === 'accept') {
        over = false;
        onDecided();
      }
      return !over;
    } finally {
      parked = null;
      gauge.set(0);
      onChange();
    }
  }

  return {
    get parked() {
      return parked;
    },
    async mended(task) {
      for (;;) {
        await empty();
        const begun = resumed;
        try {
          return await task();
        } catch (error) {
          const cause = causeOf(error);
          if (isCancellation(error) || cause.family !== 'configuration') throw error;
          await empty();
          // Resumed since this began: it has failed with the configuration as it was.
          if (resumed > begun) continue;
          const onDecided = (): void => void resumed++;
          if (!(await park(cause, { decision: 'resume', onTimeout: 'fail', onDecided }))) throw error;
        }
      }
    },
    async accepted(excess, accept) {
      for (;;) {
        await empty();
        const message = excess();
        if (message === undefined) return;
        const failure = { type: 'TooManyFailedSources', message };
        const { onTimeout } = rules;
        if (!(await park(failure, { decision: 'acceptPartial', onTimeout, onDecided: accept }))) {
          throw ApplicationFailure.nonRetryable(message, failure.type);
        }
      }
    },
  };
}
