import { ActivityStalled } from '../lake/errors.ts';
import { type Pulse, stepsOf, tellToStop } from './pulse.ts';

/** Heartbeats say that the worker lives and its work moves; what is done is told by commits alone. */
const BEAT_MS = 5_000;
/** What a cancelled activity gets to flush what it has and to come to the end of its batch. */
const CANCEL_GRACE_MS = 15_000;

export interface WatchOptions {
  activity: string;
  pulse: Pulse;
  /** Aborts when the activity is cancelled. */
  signal: AbortSignal;
  /** Milliseconds without a step, see `stallLimit`. */
  stallMs: number;
  beat(): void;
  beatMs?: number;
  graceMs?: number;
}

/**
 * Runs `work` and beats as long as it steps. Work that has made no step within its limit, or that has not ended soon
 * after its cancellation, is given up: the signal it was called with aborts, and nobody waits for it any more. Throws
 * ActivityStalled, or the reason of the cancellation, so that another attempt need not wait for the heartbeat time-out.
 * Whatever it still does changes nothing: only a commit counts, and there is one.
 */
export async function watched<T>(
  options: WatchOptions,
  work: (givenUp: AbortSignal) => Promise<T>,
): Promise<T> {
  const { activity, pulse, signal, stallMs, beat, beatMs = BEAT_MS, graceMs = CANCEL_GRACE_MS } = options;
  const giveUp = new AbortController();
  let steps = stepsOf(pulse);
  // Counted in looks and not by the clock: a process that was stopped for an hour has not hung for one.
  let idleMs = 0;
  function look(): void {
    const now = stepsOf(pulse);
    idleMs = now === steps ? idleMs + beatMs : 0;
    steps = now;
    if (idleMs < stallMs) beat();
    else {
      const seconds = Math.round(idleMs / 1000);
      giveUp.abort(
        new ActivityStalled(
          `${activity} has made no step for ${seconds} s; it was given up and is tried again`,
        ),
      );
    }
  }
  let grace: NodeJS.Timeout | undefined;
  function onCancel(): void {
    tellToStop(pulse);
    grace = setTimeout(() => giveUp.abort(signal.reason), graceMs);
  }
  const abandoned = new Promise<never>((_, reject) => {
    giveUp.signal.addEventListener('abort', () => reject(giveUp.signal.reason), { once: true });
  });
  const timer = setInterval(look, beatMs);
  signal.addEventListener('abort', onCancel, { once: true });
  if (signal.aborted) onCancel();
  beat();
  try {
    return await Promise.race([work(giveUp.signal), abandoned]);
  } finally {
    clearInterval(timer);
    clearTimeout(grace);
    signal.removeEventListener('abort', onCancel);
  }
}
