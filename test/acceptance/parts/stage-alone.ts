// A program of its own, so that what it holds is one stage's: does a stage that is asked for on standard input, and prints how much memory
// the process held before it and at most.
import { readFileSync } from 'node:fs';
import { CPU_STAGES, type CpuStage } from '../../../activities/cpu-stages.ts';
import { openPulse } from '../../../activities/pulse.ts';
import { openShared, type Services, servicesOf } from '../../../activities/services.ts';
import type { Settings } from '../../../activities/settings.ts';
import type { Done } from '../../../workflows/contract.ts';
import { watchRss } from './rss.ts';

export interface StageAlone {
  settings: Settings;
  stage: CpuStage;
  input: unknown;
}
/** Resident memory in bytes. */
export interface StageMemory {
  before: number;
  peak: number;
}

async function main({ settings, stage, input }: StageAlone): Promise<StageMemory> {
  const shared = openShared(settings);
  const work = CPU_STAGES[stage] as (services: Services, input: unknown) => Promise<Done>;
  const watch = watchRss(process.pid, () => stage);
  const before = watch.peak();
  await work(servicesOf(shared, openPulse(), new AbortController().signal), input);
  const { peak } = watch.stop();
  shared.store.close();
  return { before, peak };
}

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
console.log(JSON.stringify(await main(JSON.parse(readFileSync(0, 'utf8')) as StageAlone)));
