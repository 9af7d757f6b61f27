import type { FailedSource, ObjectRef, RunRef } from './data.ts';
import type { PartitionPhase } from './run.ts';

/** Input of a lane: entries [from, to) of one input in one phase, and what that phase needs of the phases before. */
export interface LaneInput {
  run: RunRef;
  phase: PartitionPhase;
  plan: ObjectRef;
  input: string;
  from: number;
  to: number;
  /** Commits of the same entries in the phase before. */
  before?: ObjectRef;
  verdicts?: ObjectRef[];
  benchmarks?: ObjectRef;
  settled?: ObjectRef;
  rounds?: number;
  mix?: ObjectRef;
  /** Where the run is paused or has a ceiling; the signal `setLimits` brings others. */
  limits?: LaneLimits;
}
/** What a lane may do now; null: as much as its workers can. */
export interface LaneLimits {
  paused: boolean;
  /** Requests in flight at most. */
  concurrency: number | null;
  /** Rounds under way at once at most. */
  rounds: number | null;
}
/** Signal `setLimits` of a lane. Where it takes something away, `confirm` is to be told to the parent once nothing of it is used any more. */
export interface SetLimits extends LaneLimits {
  confirm?: number;
}
/** Signal `confirmLimits` of a run, from the lane with that workflow id. */
export interface ConfirmLimits {
  lane: string;
  confirm: number;
}
export interface LaneResult {
  list: ObjectRef;
  counts: Record<string, number>;
  /** The first hundred. */
  failures: FailedSource[];
  /** How many sources failed. Only the first and the last of them (`edges`) can have failed in other lanes as well. */
  failedSources: { count: number; edges: string[] };
  failedPartitions: number;
}
