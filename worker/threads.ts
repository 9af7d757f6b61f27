import { Context } from '@temporalio/activity';
import { Piscina } from 'piscina';
import type { CpuStage } from '../activities/cpu-stages.ts';
import { temporalFailure } from '../activities/failure.ts';
import type { Settings } from '../activities/settings.ts';
import { FROM_SOURCE, nodeArgs } from '../lake/node-args.ts';
import type { Done } from '../workflows/contract.ts';
import type { CpuOutcome, CpuTask } from './cpu-task.ts';

/** The threads in which CPU stages run, so that the main thread stays free for heartbeats. */
export type Threads = Piscina<CpuTask, CpuOutcome>;

export function openThreads(settings: Settings, maxThreads: number): Threads {
  return new Piscina({
    filename: new URL(`./cpu-task.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url).href,
    execArgv: nodeArgs(),
    workerData: settings,
    minThreads: 1,
    maxThreads,
    idleTimeout: 60_000,
  });
}

/** Runs a stage in a thread. When `signal` aborts, the stage is told by a shared flag and ends at its next batch. */
export async function runInThread(
  threads: Threads,
  stage: CpuStage,
  input: unknown,
  signal: AbortSignal,
): Promise<Done> {
  const cancel = new Int32Array(new SharedArrayBuffer(4));
  const onAbort = (): void => {
    Atomics.store(cancel, 0, 1);
  };
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    const outcome = await threads.run({ stage, input, cancel });
    if ('failure' in outcome) throw temporalFailure(outcome.failure, Context.current().info.attempt);
    return outcome.done;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
