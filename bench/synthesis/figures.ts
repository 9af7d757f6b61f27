import type { EndpointSettings } from '../endpoint/settings.ts';
import { type EndpointStatistics, STEP } from '../endpoint/statistics.ts';

/** A step in which so much of the slots was busy counts as full. */
const FULL = 0.99;

/** What one contender made of the endpoint, by what the endpoint saw. Shares are of its slots over the window. */
export interface Figures {
  /** Seconds from the first request to the last answer, less those in which the endpoint was down. */
  seconds: number;
  requestsPerSecond: number;
  /** Slot-seconds that came to an answer. */
  share: number;
  /** Slot-seconds of requests that failed or were given up. */
  wasted: number;
  /** Idle slot-seconds: before all slots were busy for the first time, after the last time, and between. */
  idle: { start: number; between: number; end: number };
  /** Milliseconds of CPU time for each answer. */
  cpuMs: number | undefined;
  repeated: number;
  waitingMost: number;
  /** Share of the prompt tokens that were in the prefix cache. */
  cached: number;
  /** New tokens a second, of slots × rate. */
  tokens: number;
}

export function figuresOf(
  statistics: EndpointStatistics,
  { slots, tokensPerSecond }: EndpointSettings,
  cpuSeconds: number | undefined,
): Figures {
  const { first, last, downSeconds, answered } = statistics;
  const seconds = last - first - downSeconds;
  const all = slots * seconds;
  return {
    seconds,
    requestsPerSecond: answered / seconds,
    share: statistics.usefulSlotSeconds / all,
    wasted: statistics.wastedSlotSeconds / all,
    idle: idleOf(statistics, slots, all),
    cpuMs: cpuSeconds === undefined ? undefined : (cpuSeconds * 1000) / answered,
    repeated: statistics.repeated,
    waitingMost: statistics.queueMost,
    cached: statistics.cachedTokens / statistics.promptTokens,
    tokens: statistics.completionTokens / seconds / (slots * tokensPerSecond),
  };
}

/** Where slots stood idle; what the endpoint's own absence cost counts as `between` and is taken off there. */
function idleOf(
  { busy, first, last, downSeconds }: EndpointStatistics,
  slots: number,
  all: number,
): Figures['idle'] {
  const from = Math.floor(first / STEP);
  const steps = busy.slice(from, Math.floor(last / STEP) + 1).map((seconds, i) => {
    const at = (from + i) * STEP;
    const length = Math.min(last, at + STEP) - Math.max(first, at);
    return { idle: Math.max(0, slots * length - seconds), full: seconds >= FULL * slots * STEP };
  });
  const firstFull = steps.findIndex(({ full }) => full);
  const lastFull = steps.findLastIndex(({ full }) => full);
  const idle = (some: typeof steps): number => some.reduce((sum, step) => sum + step.idle, 0) / all;
  if (firstFull < 0) return { start: idle(steps), between: 0, end: 0 };
  return {
    start: idle(steps.slice(0, firstFull)),
    between: Math.max(0, idle(steps.slice(firstFull, lastFull)) - (slots * downSeconds) / all),
    end: idle(steps.slice(lastFull)),
  };
}
