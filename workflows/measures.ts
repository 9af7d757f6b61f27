import { metricMeter } from '@temporalio/workflow';
import type { RunRef } from './contract.ts';

/** Counts of a run that are worth a series: what comes in, what goes out, what it costs. Others stay in its progress. */
const MEASURED: ReadonlySet<string> = new Set([
  'sources',
  'texts',
  'rejects',
  'duplicates',
  'prompted',
  'pairs',
  'setAside',
  'requests',
  'promptTokens',
  'completionTokens',
  'documents',
  'tokens',
  'publishedDocuments',
  'publishedTokens',
]);

/**
 * Counts a run's counts for the metrics of the worker that has its workflow. A replay of its history counts nothing twice. What is at a
 * given time (parked, failed, how far) the worker looks up itself: `worker/run-gauges.ts`.
 */
export function openMeasures({ domain }: RunRef): (more: Record<string, number>) => void {
  const counts = metricMeter
    .createCounter('instruct_lake_counts', '1', 'What runs have counted, by domain and name of the count.')
    .withTags({ domain });
  return (more) => {
    for (const [count, value] of Object.entries(more)) {
      if (value > 0 && MEASURED.has(count)) counts.add(value, { count });
    }
  };
}
