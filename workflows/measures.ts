import { metricMeter } from '@temporalio/workflow';
import type { Phase, RunRef } from './contract.ts';

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

/** What a run tells the metrics of the worker that has its workflow. A replay of its history tells nothing twice. */
export interface Measures {
  counted(more: Record<string, number>): void;
  phase(phase: Phase, total: number): void;
  failed(sources: number): void;
  /** The run has published, or found nothing new. */
  succeeded(at: number): void;
}

export function openMeasures({ domain, run }: RunRef): Measures {
  const gauge = (name: string, unit: string, what: string) =>
    metricMeter.createGauge(`instruct_lake_${name}`, 'int', unit, what).withTags({ domain, run });
  const counts = metricMeter
    .createCounter('instruct_lake_counts', '1', 'What runs have counted, by domain and name of the count.')
    .withTags({ domain });
  const units = gauge(
    'phase_units',
    '1',
    'Units (partitions, ranges, shards) of the phase that a run is in.',
  );
  const failed = gauge('failed_sources', '1', 'Sources of a run that have failed.');
  const success = metricMeter
    .createGauge(
      'instruct_lake_last_success_seconds',
      'int',
      's',
      'When a run of a domain last published or found nothing new, seconds since 1970.',
    )
    .withTags({ domain });
  let last: Phase | undefined;
  return {
    counted(more) {
      for (const [count, value] of Object.entries(more)) {
        if (value > 0 && MEASURED.has(count)) counts.add(value, { count });
      }
    },
    phase(phase, total) {
      if (last !== undefined && last !== phase) units.set(0, { phase: last });
      last = phase;
      units.set(total, { phase });
    },
    failed: (sources) => failed.set(sources),
    succeeded(at) {
      success.set(Math.floor(at / 1000));
      if (last !== undefined) units.set(0, { phase: last });
    },
  };
}
