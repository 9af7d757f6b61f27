import type { BreakerState } from './breaker.ts';
import type { FailureKind } from './refusal.ts';

/** What one worker has seen of an endpoint since it started. */
export interface EndpointStatistics {
  /** Requests that went out, each try counted. */
  sent: number;
  answered: number;
  /** Tries that ended without an answer, by kind. */
  failed: Record<FailureKind, number>;
  /** Of the requests that were answered. */
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  /** Seconds of the requests that were answered, added up. */
  seconds: number;
  /** Tokens of prompts of tries that failed once the server had them: an estimate. */
  wastedTokens: number;
  /** Requests that went to the replica that their affinity prefers, and those that another one had to take. */
  preferred: number;
  spilled: number;
  /** Now: requests under way, waiting for a turn, and how many may be under way. */
  inFlight: number;
  waiting: number;
  limit: number;
  replicas: { name: string; state: BreakerState; inFlight: number; limit: number }[];
}

export type Counters = Omit<EndpointStatistics, 'inFlight' | 'waiting' | 'limit' | 'replicas'>;

export const openCounters = (): Counters => ({
  sent: 0,
  answered: 0,
  failed: { refusing: 0, unreachable: 0, lost: 0, timeout: 0, failing: 0, final: 0 },
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  seconds: 0,
  wastedTokens: 0,
  preferred: 0,
  spilled: 0,
});
