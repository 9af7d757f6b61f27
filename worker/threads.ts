import { Piscina } from 'piscina';
import { temporalFailure } from '../activities/failure.ts';
import type { Settings } from '../activities/settings.ts';
import { FROM_SOURCE, nodeArgs } from '../lake/node-args.ts';
import type { Done } from '../workflows/contract.ts';
import type { CpuOutcome, CpuTask } from './cpu-task.ts';

const ENTRY = new URL(`./cpu-task.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url);

/** The threads in which CPU stages run, so that the main thread stays free for heartbeats. */
export type Threads = Piscina<CpuTask, CpuOutcome>;

/** `onError` hears of threads that cannot start: without them no task would ever be done. A task whose thread fails, fails for that reason. */
export function openThreads(
  settings: Settings,
  maxThreads: number,
  onError: (error: Error) => void,
  entry: URL = ENTRY,
): Threads {
  const threads: Threads = new Piscina({
    filename: entry.href,
    execArgv: nodeArgs(),
    workerData: settings,
    minThreads: 1,
    maxThreads,
    idleTimeout: 60_000,
  });
  threads.on('error', onError);
  return threads;
}

/**
 * Runs a stage in a thread for attempt number `attempt` of its activity; told to stop by its pulse, it ends at its next batch. When `givenUp` aborts, the thread is
 * ended and another takes its place. A native call may be under way in it, and ending it then may take the process
 * with it: the lesser evil against a slot that is lost for good, since every commit survives that.
 */
export async function runInThread(
  threads: Threads,
  task: CpuTask,
  givenUp: AbortSignal,
  attempt: number,
): Promise<Done> {
  const outcome = await threads.run(task, { signal: givenUp });
  if ('failure' in outcome) throw temporalFailure(outcome.failure, attempt);
  return outcome.done;
}
