import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricMeter } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import type { EndpointStatistics } from '../activities/synthesize/endpoint/statistics.ts';

const SAMPLE_MS = 5_000;

/** What activities tell of themselves. */
export interface Observer {
  /** An activity has failed: by the name of the error's class. */
  failed(activity: string, error: string): void;
}
export interface Metrics extends Observer {
  close(): void;
}

/**
 * Measures a worker for its `/metrics`, beside what the SDK itself measures there: its endpoints and its process every five
 * seconds, failures as they come. Without an address for them nothing is exported, and this costs next to nothing.
 */
export function openMetrics(
  endpoints: () => ReadonlyMap<string, EndpointStatistics>,
  meter: MetricMeter = Runtime.instance().metricMeter,
): Metrics {
  const failures = meter.createCounter(
    'instruct_lake_failures',
    '1',
    'Activities that failed, each attempt counted, by activity and error class.',
  );
  const ofEndpoints = endpointMeters(meter);
  const ofProcess = processMeters(meter);
  function sample(): void {
    for (const [name, statistics] of endpoints()) ofEndpoints.sample(name, statistics);
    ofProcess.sample();
  }
  const timer = setInterval(sample, SAMPLE_MS);
  timer.unref();
  return {
    failed: (activity, error) => failures.add(1, { activity, error }),
    close() {
      clearInterval(timer);
      sample();
      ofProcess.close();
    },
  };
}

/** Gauges of what is now, and counters of what has come since the last sample. */
function endpointMeters(meter: MetricMeter) {
  const counter = (name: string, what: string) =>
    meter.createCounter(`instruct_lake_endpoint_${name}`, '1', what);
  const gauge = (name: string, what: string) =>
    meter.createGauge(`instruct_lake_endpoint_${name}`, 'int', '1', what);
  const requests = counter('requests', 'Requests that ended, by endpoint and outcome.');
  const tokens = counter(
    'tokens',
    'Tokens of answered requests (prompt, cached, completion) and of failed ones (wasted).',
  );
  const busy = counter('request_milliseconds', 'Time that answered requests took, added up.');
  const inFlight = gauge('in_flight', 'Requests under way.');
  const waiting = gauge('waiting', 'Requests that wait for a turn.');
  const limit = gauge('limit', 'Requests that may be under way just now.');
  const up = gauge('replica_up', 'Whether a replica is asked: 1, or 0 while it is left alone.');
  const last = new Map<string, number>();
  /** What a sum has grown by since it was last asked. */
  function grown(key: string, value: number): number {
    const by = value - (last.get(key) ?? 0);
    last.set(key, value);
    return Math.max(0, Math.round(by));
  }
  return {
    sample(endpoint: string, statistics: EndpointStatistics): void {
      const { answered, failed, seconds, replicas } = statistics;
      for (const [outcome, count] of Object.entries({ answered, ...failed })) {
        requests.add(grown(`${endpoint} ${outcome}`, count), { endpoint, outcome });
      }
      const kinds = {
        prompt: statistics.promptTokens,
        cached: statistics.cachedTokens,
        completion: statistics.completionTokens,
        wasted: statistics.wastedTokens,
      };
      for (const [kind, count] of Object.entries(kinds)) {
        tokens.add(grown(`${endpoint} tokens ${kind}`, count), { endpoint, kind });
      }
      busy.add(grown(`${endpoint} seconds`, seconds * 1000), { endpoint });
      inFlight.set(statistics.inFlight, { endpoint });
      waiting.set(statistics.waiting, { endpoint });
      limit.set(Math.floor(statistics.limit), { endpoint });
      for (const { name: replica, state } of replicas)
        up.set(state === 'closed' ? 1 : 0, { endpoint, replica });
    },
  };
}

function processMeters(meter: MetricMeter) {
  const memory = meter.createGauge(
    'instruct_lake_process_resident_bytes',
    'int',
    'bytes',
    'Memory of the worker, its threads among it.',
  );
  const cpu = meter.createCounter(
    'instruct_lake_process_cpu_milliseconds',
    'ms',
    'CPU time of the worker, its threads among it.',
  );
  const lag = meter.createGauge(
    'instruct_lake_event_loop_delay_milliseconds',
    'int',
    'ms',
    'The longest that the main thread kept others waiting, since the last sample.',
  );
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let spent = 0;
  return {
    sample(): void {
      memory.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      const now = Math.round((user + system) / 1000);
      cpu.add(now - spent);
      spent = now;
      lag.set(Math.round(delay.max / 1e6));
      delay.reset();
    },
    close: () => delay.disable(),
  };
}
