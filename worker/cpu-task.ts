import { workerData } from 'piscina';
import { CPU_STAGES, type CpuStage } from '../activities/cpu-stages.ts';
import { type PlainFailure, plainFailure } from '../activities/failure.ts';
import { type Pulse, shallStop } from '../activities/pulse.ts';
import { Cancelled, openShared, type Services, type Shared, servicesOf } from '../activities/services.ts';
import type { Settings } from '../activities/settings.ts';
import type { Done } from '../workflows/contract.ts';

/** One stage of one partition, sent to a thread. */
export interface CpuTask {
  stage: CpuStage;
  input: unknown;
  /** Shared with the main thread. */
  pulse: Pulse;
}
export type CpuOutcome = { done: Done } | { failure: PlainFailure };

/** How often a thread that waits for the store looks whether it shall stop; one that computes looks between batches. */
const LOOK_MS = 200;

let shared: Shared | undefined;

/** Entry of a pool thread. Failures come back as data: an error's class does not survive the way between threads. */
export default async function run({ stage, input, pulse }: CpuTask): Promise<CpuOutcome> {
  const cancelled = new AbortController();
  const timer = setInterval(() => {
    if (shallStop(pulse)) cancelled.abort(new Cancelled('cancelled'));
  }, LOOK_MS);
  try {
    shared ??= openShared(workerData as Settings);
    const work = CPU_STAGES[stage] as (services: Services, input: unknown) => Promise<Done>;
    return { done: await work(servicesOf(shared, pulse, cancelled.signal), input) };
  } catch (error) {
    // Whatever a stage makes of having been told to stop.
    return { failure: plainFailure(shallStop(pulse) ? new Cancelled('cancelled') : error) };
  } finally {
    clearInterval(timer);
  }
}
