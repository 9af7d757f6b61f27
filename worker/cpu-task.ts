import { workerData } from 'piscina';
import { CPU_STAGES, type CpuStage } from '../activities/cpu-stages.ts';
import { type PlainFailure, plainFailure } from '../activities/failure.ts';
import { Cancelled, openServices, type Services } from '../activities/services.ts';
import type { Settings } from '../activities/settings.ts';
import type { Done } from '../workflows/contract.ts';

/** One stage of one partition, sent to a thread. */
export interface CpuTask {
  stage: CpuStage;
  input: unknown;
  /** Shared with the main thread; not 0 once the activity is cancelled. */
  cancel: Int32Array<SharedArrayBuffer>;
}
export type CpuOutcome = { done: Done } | { failure: PlainFailure };

let services: Services | undefined;

/** Entry of a pool thread. Failures come back as data: an error's class does not survive the way between threads. */
export default async function run({ stage, input, cancel }: CpuTask): Promise<CpuOutcome> {
  try {
    services ??= openServices(workerData as Settings);
    const checkCancelled = (): void => {
      if (Atomics.load(cancel, 0) !== 0) throw new Cancelled('cancelled');
    };
    const work = CPU_STAGES[stage] as (services: Services, input: unknown) => Promise<Done>;
    return { done: await work({ ...services, checkCancelled }, input) };
  } catch (error) {
    return { failure: plainFailure(error) };
  }
}
