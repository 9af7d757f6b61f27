import { indexBenchmarks } from './benchmarks/index-benchmarks.ts';
import { combineBuckets } from './dedupe/combine-buckets.ts';
import { decideDuplicates } from './dedupe/decide-duplicates.ts';
import { findDuplicates } from './dedupe/find-duplicates.ts';
import { mixSources } from './mix/mix-sources.ts';
import { scanPartition } from './scan/scan-partition.ts';
import { buildSegment } from './segment/build-segment.ts';
import { settleFailures } from './settle/settle-failures.ts';
import { buildShard } from './shards/build-shard.ts';
import { exchangePartition } from './shards/exchange-partition.ts';
import { templateInstructions } from './template/template-instructions.ts';
import { templatePartition } from './template/template-partition.ts';

/** The stages that run in worker threads, by the name of their activity. */
export const CPU_STAGES = {
  indexBenchmarks,
  scanPartition,
  combineBuckets,
  findDuplicates,
  decideDuplicates,
  templatePartition,
  templateInstructions,
  settleFailures,
  mixSources,
  exchangePartition,
  buildShard,
  buildSegment,
};
export type CpuStage = keyof typeof CPU_STAGES;
