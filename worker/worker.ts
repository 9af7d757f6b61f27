import { NativeConnection, type NativeConnectionOptions, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { Settings } from '../activities/settings.ts';
import { QUEUES, type Role } from '../workflows/contract.ts';
import { knowsSearchAttributes } from './search-attributes.ts';
import { openThreads, runInThread } from './threads.ts';
import { type WorkflowSource, workflowSource } from './workflow-source.ts';

/** Activities that one process takes at once, by role. CPU work has a thread each; the endpoint's own limit bounds rounds. */
const ACTIVITIES_AT_ONCE = { io: 8, gpu: 8, train: 8 } as const;
/** Threads for CPU stages, unless the options say otherwise. */
const THREADS = 2;

export interface WorkerOptions {
  connection: NativeConnectionOptions;
  namespace: string;
  settings: Settings;
  /** All of them by default. */
  roles?: readonly Role[];
  threads?: number;
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
  const roles = options.roles ?? (Object.keys(QUEUES) as Role[]);
  const threadCount = options.threads ?? THREADS;
  const connection = await NativeConnection.connect(options.connection);
  const threads = openThreads(settings, threadCount);
  const activities = createActivities({
    settings,
    searchAttributes: await knowsSearchAttributes(connection, namespace),
    runInThread: (stage, input, signal) => runInThread(threads, stage, input, signal),
  });
  const { close: closeActivities, ...implementations } = activities;

  async function release(): Promise<void> {
    await closeActivities();
    await threads.destroy();
    await connection.close();
  }
  try {
    const workers = await Promise.all(
      roles.map((role) =>
        Worker.create({
          connection,
          namespace,
          taskQueue: QUEUES[role],
          shutdownGraceTime: '1 second',
          maxHeartbeatThrottleInterval: '5 seconds',
          defaultHeartbeatThrottleInterval: '5 seconds',
          ...(role === 'workflows'
            ? (options.workflows ?? workflowSource())
            : {
                activities: implementations,
                maxConcurrentActivityTaskExecutions: role === 'cpu' ? threadCount : ACTIVITIES_AT_ONCE[role],
              }),
        }),
      ),
    );
    const runs = workers.map((worker) => worker.run());
    function stop(): void {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    }
    // One that fails takes the others with it: a worker without one of its queues would wait for ever.
    for (const run of runs) run.catch(stop);
    const done = Promise.allSettled(runs).then(async (results) => {
      await release();
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    });
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
