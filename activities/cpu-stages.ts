import { dedupeDocuments } from './dedupe/dedupe.ts';
import { mixSources } from './mix/mix.ts';
import { scanPartition } from './scan/scan.ts';
import { buildShard } from './shards/build.ts';
import { exchangePartition } from './shards/exchange-partition.ts';
import { templateInstructions } from './template/stage-instructions.ts';
import { templatePartition } from './template/stage-partition.ts';

/** The stages that run in worker threads, by the name of their activity. */
export const CPU_STAGES = {
  scanPartition,
  dedupeDocuments,
  templatePartition,
  templateInstructions,
  mixSources,
  exchangePartition,
  buildShard,
};
export type CpuStage = keyof typeof CPU_STAGES;
