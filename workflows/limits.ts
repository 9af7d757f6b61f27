import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import { type Activities, QUEUES } from './contract.ts';

/**
 * The limits of every activity, in one place. Attempts are unlimited until schedule-to-close: an outage of the
 * environment costs its own length and no more. What must not be tried again says so itself (non-retryable).
 * Heartbeats come every 5 s. A cancelled workflow closes when its activities have ended, flushed what they had and
 * let go of what they held; left to itself the SDK would not wait for them.
 */
const ENDURING = {
  scheduleToCloseTimeout: '7 days',
  heartbeatTimeout: '30 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
} satisfies ActivityOptions;

const io = proxyActivities<
  Pick<
    Activities,
    | 'openRun'
    | 'openReplay'
    | 'openDomain'
    | 'closeDomain'
    | 'planSources'
    | 'planReplay'
    | 'saveList'
    | 'publishRun'
  >
>({
  ...ENDURING,
  taskQueue: QUEUES.io,
  startToCloseTimeout: '2 hours',
});
const cpu = proxyActivities<
  Pick<
    Activities,
    | 'indexBenchmarks'
    | 'scanPartition'
    | 'combineBuckets'
    | 'findDuplicates'
    | 'decideDuplicates'
    | 'templatePartition'
    | 'templateInstructions'
    | 'settleFailures'
    | 'mixSources'
    | 'exchangePartition'
    | 'buildShard'
    | 'buildSegment'
  >
>({ ...ENDURING, taskQueue: QUEUES.cpu, startToCloseTimeout: '4 hours' });
const gpu = proxyActivities<Pick<Activities, 'synthesizeRound' | 'judgePairs'>>({
  ...ENDURING,
  taskQueue: QUEUES.gpu,
  startToCloseTimeout: '1 day',
});
const train = proxyActivities<Pick<Activities, 'resolveTraining' | 'launchTraining' | 'cancelTraining'>>({
  ...ENDURING,
  taskQueue: QUEUES.train,
  startToCloseTimeout: '2 hours',
});
/** A training job may run for weeks; the one who watches it can be replaced at any time. */
const watch = proxyActivities<Pick<Activities, 'watchTraining'>>({
  ...ENDURING,
  taskQueue: QUEUES.train,
  startToCloseTimeout: '60 days',
  scheduleToCloseTimeout: '60 days',
});

/** Every activity, as workflows call it. Named one by one: the SDK's proxies have no keys to spread. */
export const activities: Activities = {
  openRun: io.openRun,
  openReplay: io.openReplay,
  openDomain: io.openDomain,
  closeDomain: io.closeDomain,
  planSources: io.planSources,
  planReplay: io.planReplay,
  indexBenchmarks: cpu.indexBenchmarks,
  saveList: io.saveList,
  scanPartition: cpu.scanPartition,
  combineBuckets: cpu.combineBuckets,
  findDuplicates: cpu.findDuplicates,
  decideDuplicates: cpu.decideDuplicates,
  synthesizeRound: gpu.synthesizeRound,
  judgePairs: gpu.judgePairs,
  templatePartition: cpu.templatePartition,
  templateInstructions: cpu.templateInstructions,
  settleFailures: cpu.settleFailures,
  mixSources: cpu.mixSources,
  exchangePartition: cpu.exchangePartition,
  buildShard: cpu.buildShard,
  buildSegment: cpu.buildSegment,
  publishRun: io.publishRun,
  resolveTraining: train.resolveTraining,
  launchTraining: train.launchTraining,
  watchTraining: watch.watchTraining,
  cancelTraining: train.cancelTraining,
};
