import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { NativeConnection, type NativeConnectionOptions, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { Settings } from '../activities/settings.ts';
import { ROUNDS_AT_ONCE } from '../activities/stall-limits.ts';
import { QUEUES, type Role } from '../workflows/contract.ts';
import { ROLES, THREADS } from './config/schema.ts';
import { logAttributes } from './log-attributes.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { openRunGauges } from './run-gauges.ts';
import { knowsSearchAttributes } from './search-attributes.ts';
import { openThreads, runInThread } from './threads.ts';
import { type WorkflowSource, workflowSource } from './workflow-source.ts';

/** Activities that one process takes at once, by role. CPU work has a thread each; the endpoint's own limit bounds rounds. */
const ACTIVITIES_AT_ONCE = { io: 8, gpu: ROUNDS_AT_ONCE, train: 8 } as const;
/**
 * A worker that shuts down lets its activities come to their end for a second; then they are cancelled, and what each
 * has not ended by 15 s later (`watched`) is given up. The rest is a margin: orchestrators are told to allow 45 s.
 */
const SHUTDOWN_GRACE = '1 second';
const SHUTDOWN_FORCE = '25 seconds';
const THREADS_END_MS = 5_000;

export interface WorkerOptions {
  connection: NativeConnectionOptions;
  namespace: string;
  settings: Settings;
  /** All of them by default. */
  roles?: readonly Role[];
  threads?: number;
  /** Whether `/metrics` is there: then runs are looked at for its gauges, by workers of workflows. */
  measured?: boolean;
  workflows?: WorkflowSource;
}
export interface RunningWorker {
  /** Resolves when the worker has stopped; rejects when it failed. */
  done: Promise<void>;
  /** Stops polling, cancels what runs, and waits for it. */
  close(): Promise<void>;
}

/** Starts the workers of a process: one per queue of its roles, all on one connection. */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { namespace, settings } = options;
  const roles = options.roles ?? ROLES;
  const threadCount = options.threads ?? THREADS;
  const connection = await NativeConnection.connect(options.connection);
  let broken: Error | undefined;
  const threads = openThreads(settings, threadCount, (error) => {
    Runtime.instance().logger.error('The threads for CPU work cannot go on; the worker ends.', { error });
    broken ??= error;
    stop();
  });
  // Activities tell of failures before anybody can ask for what they know.
  let metrics: Metrics | undefined;
  const activities = createActivities({
    settings,
    onFailure: (activity, error) => metrics?.failed(activity, error),
    searchAttributes: await knowsSearchAttributes(connection, namespace),
    runInThread: (stage, input, pulse, givenUp) =>
      runInThread(threads, { stage, input, pulse }, givenUp, Context.current().info.attempt),
  });
  const { close: closeActivities, statistics, ...implementations } = activities;
  metrics = openMetrics(statistics);
  const gauges =
    options.measured && roles.includes('workflows')
      ? openRunGauges({
          client: new Client({ connection, namespace }),
          lake: settings.lake,
          meter: Runtime.instance().metricMeter,
        })
      : undefined;

  let workers: Worker[] = [];
  function stop(): void {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }
  async function release(): Promise<void> {
    metrics?.close();
    gauges?.close();
    await closeActivities();
    // A thread in a native call ends with that call.
    await Promise.race([threads.destroy(), delay(THREADS_END_MS, undefined, { ref: false })]);
    await connection.close();
  }
  try {
    workers = await Promise.all(
      roles.map((role) =>
        Worker.create({
          connection,
          namespace,
          taskQueue: QUEUES[role],
          shutdownGraceTime: SHUTDOWN_GRACE,
          shutdownForceTime: SHUTDOWN_FORCE,
          maxHeartbeatThrottleInterval: '5 seconds',
          defaultHeartbeatThrottleInterval: '5 seconds',
          ...(role === 'workflows'
            ? (options.workflows ?? workflowSource())
            : {
                activities: implementations,
                interceptors: { activity: [logAttributes] },
                maxConcurrentActivityTaskExecutions: role === 'cpu' ? threadCount : ACTIVITIES_AT_ONCE[role],
              }),
        }),
      ),
    );
    const runs = workers.map((worker) => worker.run());
    // One that fails takes the others with it: a worker without one of its queues would wait for ever.
    for (const run of runs) run.catch(stop);
    const done = Promise.allSettled(runs).then(async (results) => {
      await release();
      if (broken !== undefined) throw broken;
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    });
    if (broken !== undefined) stop();
    done.catch(() => {});
    return {
      done,
      async close() {
        stop();
        await done;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}
