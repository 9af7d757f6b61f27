import type { Trained } from './activities.ts';
import type { FailedSource, ObjectRef, Reason, RunRef } from './data.ts';
import type { OnTimeout } from './spec.ts';

/** The phases of `ingestDomain`, in order. */
export const PHASES = [
  'open',
  'plan',
  'scan',
  'dedupe',
  'synthesize',
  'template',
  'mix',
  'exchange',
  'shards',
  'publish',
  'train',
  'done',
] as const;
export type Phase = (typeof PHASES)[number];
/** The phases that run once for each partition, in lanes. */
export type PartitionPhase = 'scan' | 'synthesize' | 'template' | 'exchange';

/** Answer of the query `progress`. Lanes that run have more to add: ask each for its own `progress`. */
export interface Progress {
  phase: Phase;
  done: number;
  total: number;
  counts: Record<string, number>;
  /** Workflow ids of running children. */
  lanes: string[];
  model?: string;
  /** What the run waits for a person to decide; the search attribute `Phase` reads `parked` meanwhile. */
  parked: Parked | null;
  /** Whom an incremental run waits for before it begins; the search attribute `Phase` reads `waiting` meanwhile. */
  waiting: WaitingFor | null;
  /** Nothing new is started until `resume`; the search attribute `Phase` reads `paused` meanwhile. */
  paused: boolean;
  /** Requests in flight at most; null: what the endpoints' own limits allow. */
  concurrency: number | null;
}
/** The run that holds the domain, and since when (ISO 8601, by Temporal's clock) this one has waited. */
export interface WaitingFor {
  by: string;
  since: string;
}
/** Updates `pause` and `setConcurrency` return what holds from now on. */
export type Control = Pick<Progress, 'paused' | 'concurrency'>;
/** Input of the update `setConcurrency`; null takes the ceiling away. */
export interface SetConcurrency {
  concurrency: number | null;
}
/** A run that waits for a decision. Times are ISO 8601, by Temporal's clock. */
export interface Parked extends Reason {
  phase: Phase;
  since: string;
  until: string;
  onTimeout: OnTimeout;
  /** The updates that end it. */
  decisions: Decision[];
}
/**
 * `acceptPartial`: go on without the sources that have failed so far. `resume`: try again what failed, now that the
 * configuration is mended; it ends a pause as well, and gives null where that was all. `replayFailed`: read the sources
 * that have failed so far again, as they are now, before the next phase begins.
 */
export type Decision = 'acceptPartial' | 'resume' | 'replayFailed';
/** Answer of the query `failures`: the first hundred. */
export interface Failures {
  total: number;
  sources: FailedSource[];
}
/** Stages from which a source can be replayed: those in which it can fail. */
export const REPLAY_STAGES = ['plan', 'scan', 'synthesize', 'template'] as const;
export type ReplayStage = (typeof REPLAY_STAGES)[number];
/** Which sources of a run are replayed. */
export interface ReplayRequest {
  /** Those that failed, or some by their keys: failed ones, and such whose objects were replaced since. */
  sources: 'failed' | string[];
  /**
   * `plan` (the default): as their objects are now. `scan`: read again as they were. `synthesize`, `template`: what failed
   * since the verdicts is tried again on what the lake has of it.
   */
  from?: ReplayStage;
}
/** Input of `replayPartitions`: domain and run are those of the workflow id. */
export interface ReplayInput extends RunRef, ReplayRequest {}
export interface IngestResult extends RunRef {
  /** Of a replay: which generation was made. */
  generation?: number;
  /** Null where an incremental run found no new source: then nothing is published, and nothing trained. */
  publication: ObjectRef | null;
  counts: Record<string, number>;
  training: Trained | null;
}
export interface RemixResult {
  runs: IngestResult[];
}
export interface TrainInput extends RunRef {
  launcher: string;
}
