import {
  ApplicationFailure,
  condition,
  defineUpdate,
  isCancellation,
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
  /** A sentence that says why a decision would end nothing; undefined when it would. */
  refusal(decision: Decision): string | undefined;
  /** Takes a decision, and gives what it ends. Throws what `refusal` says. */
  take(decision: Decision): Parked;
  /** Runs a task once nothing is parked or paused. When the configuration makes it fail the run parks, and `resume` runs it again. */
  mended<T>(task: () => Promise<T>): Promise<T>;
  /** Parks as long as `excess` says what is too much; `accept` takes what there is by then. */
  accepted(excess: () => string | undefined, accept: () => void): Promise<void>;
}
export interface ParkingDeps {
  run: RunRef;
  rules: FailureRules;
  phase: () => Phase;
  /** Whether nothing may start just now. */
  paused: () => boolean;
  /** Called whenever a run is parked, and when it is no longer. */
  onChange: () => void;
  /** How many sources have failed so far. */
  failed: () => number;
  /** Whether a replay is possible at all: a run that begins on another has its sources from there. */
  replayable: boolean;
  /** Called when somebody wants what has failed so far replayed, before the next phase begins. */
  askReplay: () => void;
}

/** Phases before none of which a replay could begin. */
const ENDING: ReadonlySet<Phase> = new Set(['publish', 'train', 'done']);

/** Opens the parking place of a run and sets the handlers of `acceptPartial` and `replayFailed`; `resume` ends pauses, too. */
export function openParking({
  run,
  rules,
  phase,
  paused,
  onChange,
  failed,
  replayable,
  askReplay,
}: ParkingDeps): Parking {
  const name = `${run.domain}/${run.run}`;
  let parked: Parked | null = null;
  let decided = false;
  /** The run fails for want of a decision: nothing of it starts any more. */
  let over = false;
  let resumed = 0;

  const accept = defineUpdate<Parked, []>('acceptPartial');
  setHandler(accept, () => take('acceptPartial'), { validator: () => void waiting('acceptPartial') });

  // A run that is not parked goes on to the end of its phase: what has failed by then is replayed.
  setHandler(
    defineUpdate<{ failed: number }, []>('replayFailed'),
    () => {
      askReplay();
      if (refusal('replayFailed') === undefined) take('replayFailed');
      return { failed: failed() };
    },
    {
      validator() {
        if (parked !== null && !decided) return void waiting('replayFailed');
        const why = !replayable
          ? 'begins on another run: replay that one, and begin anew on it'
          : failed() === 0
            ? 'has no failed source so far: there is nothing to replay'
            : ENDING.has(phase())
              ? 'publishes already: replay what failed when it has ended'
              : undefined;
        if (why !== undefined) throw ApplicationFailure.nonRetryable(`${name} ${why}`, 'NothingToReplay');
      },
    },
  );

  function refusal(decision: Decision): string | undefined {
    if (parked === null || decided) {
      return decision === 'resume'
        ? 'is neither paused nor parked: there is nothing to resume'
        : 'is not parked: there is nothing to decide';
    }
    if (parked.decisions.includes(decision)) return undefined;
    return `is parked for ${parked.type}; what ends that is ${parked.decisions.join(' or ')}`;
  }
  function waiting(decision: Decision): Parked {
    const why = refusal(decision);
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
    const free = (): boolean => parked === null && !over && !paused();
    while (!free()) await condition(free);
  }

  /** Parks until `decision` is taken, or as if it were when time is over and it says so; false when the run shall fail. */
  async function park(
    { type, message }: Reason,
    {
      decisions,
      onTimeout,
      onDecided,
    }: { decisions: Decision[]; onTimeout: OnTimeout; onDecided: () => void },
  ): Promise<boolean> {
    const time = (ms: number): string => new Date(ms).toISOString();
    const since = Date.now();
    const until = since + rules.decisionTimeout;
    parked = { phase: phase(), type, message, since: time(since), until: time(until), onTimeout, decisions };
    decided = false;
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
      onChange();
    }
  }

  return {
    get parked() {
      return parked;
    },
    refusal,
    take,
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
          if (!(await park(cause, { decisions: ['resume'], onTimeout: 'fail', onDecided }))) throw error;
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
        const decisions: Decision[] = ['acceptPartial', 'replayFailed'];
        // A replay begins before the next phase: until then the run goes on as if what failed were accepted.
        if (!(await park(failure, { decisions, onTimeout, onDecided: accept }))) {
          throw ApplicationFailure.nonRetryable(message, failure.type);
        }
      }
    },
  };
}
