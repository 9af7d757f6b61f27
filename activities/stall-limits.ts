import type { Activities } from '../workflows/contract.ts';
import type { Settings } from './settings.ts';

const MINUTE = 60_000;
/** Rounds that one process takes at once; they share an endpoint's connections, and wait for each other's requests. */
export const ROUNDS_AT_ONCE = 8;

/**
 * Milliseconds from one step of an activity to the next, at most; one that takes longer hangs, and is given up. Far
 * above what the longest honest step takes: a request of the store that is tried four times with a minute of silence
 * each, a native call that tokenizes one enormous text.
 */
const STALL_MS: Record<keyof Activities, number> = {
  openRun: 10 * MINUTE,
  openReplay: 10 * MINUTE,
  openDomain: 10 * MINUTE,
  closeDomain: 10 * MINUTE,
  planSources: 10 * MINUTE,
  planReplay: 10 * MINUTE,
  indexBenchmarks: 15 * MINUTE,
  saveList: 10 * MINUTE,
  scanPartition: 15 * MINUTE,
  combineBuckets: 15 * MINUTE,
  findDuplicates: 15 * MINUTE,
  decideDuplicates: 15 * MINUTE,
  synthesizeRound: 10 * MINUTE,
  judgePairs: 10 * MINUTE,
  templatePartition: 15 * MINUTE,
  templateInstructions: 15 * MINUTE,
  settleFailures: 15 * MINUTE,
  mixSources: 15 * MINUTE,
  exchangePartition: 15 * MINUTE,
  buildShard: 15 * MINUTE,
  buildSegment: 15 * MINUTE,
  publishRun: 10 * MINUTE,
  resolveTraining: 10 * MINUTE,
  launchTraining: 10 * MINUTE,
  watchTraining: 10 * MINUTE,
  cancelTraining: 10 * MINUTE,
};

/**
 * The limit of an activity. A round, or a judge, may have to wait until requests of all the others have met their
 * deadline, or until a text has been given up: three deadlines with its history, and three without.
 */
export function stallLimit(activity: keyof Activities, settings: Pick<Settings, 'endpoints'>): number {
  if (activity !== 'synthesizeRound' && activity !== 'judgePairs') return STALL_MS[activity];
  const deadlines = Object.values(settings.endpoints).map(({ timeoutMs }) => timeoutMs);
  return STALL_MS[activity] + ROUNDS_AT_ONCE * Math.max(0, ...deadlines);
}
