/**
 * The one mechanism behind both shuffles: a producer writes a run, one object sorted by (64-bit key, payload bytes) with
 * a directory at its end; a consumer streams the merge of many runs over its key range. The merged order depends on
 * the records alone, not on which producer wrote which.
 */
export { chainRuns } from './exchange/chain.ts';
export { type ExchangeRecord, encodeRun, openRunWriter, type RunWriter } from './exchange/encode.ts';
export { encodeSorted } from './exchange/encode-sorted.ts';
export { type KeyRange, keyRange } from './exchange/key.ts';
export { type MergeOptions, mergeRuns } from './exchange/merge.ts';
export { openRun, type RangeSource, type Run } from './exchange/run.ts';
