export { ingestDomain } from './ingest-domain.ts';
export { processPartitions } from './process-partitions.ts';
export { remix } from './remix.ts';
export { replayPartitions } from './replay-partitions.ts';
export { trainModel } from './train-model.ts';
