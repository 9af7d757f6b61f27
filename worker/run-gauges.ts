import type { Client } from '@temporalio/client';
import type { MetricMeter } from '@temporalio/common';
import type { Publication } from '../activities/publish/publication.ts';
import { readJson } from '../lake/commit.ts';
import { readHead } from '../lake/log.ts';
import { openS3, type S3Settings } from '../lake/s3.ts';
import type { Progress } from '../workflows/contract.ts';

const SAMPLE_MS = 15_000;
/** So long a run that has ended is told of. */
const REMEMBER_MS = 86_400_000;
/** Runs that have ended which are asked about at most, the newest first. */
const ENDED = 200;
/** A run that does not answer by then is asked again next time. */
const ANSWER_MS = 5_000;
const TYPES = 'WorkflowType IN ("ingestDomain", "replayPartitions")';

export interface RunGaugesDeps {
  client: Client;
  lake: S3Settings;
  meter: MetricMeter;
  now?: () => number;
}
export interface RunGauges {
  /** Looks once. What cannot be reached is left as it was. */
  sample(): Promise<void>;
  close(): void;
}
interface RunState {
  domain: string;
  run: string;
  parked: boolean;
  failed: number;
  phase: string;
  units: number;
}

/**
 * Gauges of runs for `/metrics`, from what is: the runs that Temporal has, their own query `progress`, and what the lake's domains
 * have published. So they are there after a worker's restart as before. Any worker with the role `workflows` tells the same.
 */
export function openRunGauges(deps: RunGaugesDeps): RunGauges {
  const { client, now = Date.now } = deps;
  const store = openS3(deps.lake);
  const gauge = (name: string, unit: string, what: string) =>
    deps.meter.createGauge(`instruct_lake_${name}`, 'int', unit, what);
  const parked = gauge('parked', 'runs', 'Runs that wait for a decision.');
  const failed = gauge('failed_sources', '1', 'Sources of a run that have failed.');
  const units = gauge(
    'phase_units',
    '1',
    'Units (partitions, ranges, shards) of the phase that a run is in.',
  );
  const success = gauge(
    'last_success_seconds',
    's',
    'When a run of a domain last published or found nothing new, seconds since 1970.',
  );
  /** What was told last, by workflow id; and what is known of those that have ended. */
  let told = new Map<string, RunState>();
  const ended = new Map<string, RunState>();
  const succeeded = new Map<string, number>();
  let lakeLooked = false;

  async function sample(): Promise<void> {
    const states = new Map<string, RunState>();
    for await (const { workflowId } of client.workflow.list({
      query: `${TYPES} AND ExecutionStatus="Running"`,
    })) {
      const state = await stateOf(workflowId);
      if (state !== undefined) states.set(workflowId, state);
    }
    const since = new Date(now() - REMEMBER_MS).toISOString();
    let count = 0;
    const query = `${TYPES} AND ExecutionStatus!="Running" AND CloseTime > "${since}"`;
    for await (const { workflowId, runId, status, closeTime } of client.workflow.list({ query })) {
      if (count++ === ENDED) break;
      const name = nameOf(workflowId);
      if (name === undefined) continue;
      if (status.name === 'COMPLETED' && closeTime !== undefined) note(name.domain, closeTime.getTime());
      // A run that was started again is what it is now.
      if (states.has(workflowId) || status.name === 'CONTINUED_AS_NEW') continue;
      const known = ended.get(runId) ?? (await stateOf(workflowId, runId));
      if (known === undefined) continue;
      const over = { ...known, parked: false, units: 0 };
      ended.set(runId, over);
      states.set(workflowId, over);
    }
    if (!lakeLooked) await lookIntoLake();
    tell(states);
  }
  async function stateOf(workflowId: string, runId?: string): Promise<RunState | undefined> {
    const name = nameOf(workflowId);
    if (name === undefined) return undefined;
    try {
      const handle = client.workflow.getHandle(workflowId, runId);
      const { parked, counts, phase, total } = await client.withDeadline(now() + ANSWER_MS, () =>
        handle.query<Progress>('progress'),
      );
      return { ...name, parked: parked !== null, failed: counts.failedSources ?? 0, phase, units: total };
    } catch {
      return told.get(workflowId);
    }
  }
  function note(domain: string, at: number): void {
    succeeded.set(domain, Math.max(succeeded.get(domain) ?? 0, Math.floor(at / 1000)));
  }
  /** When each domain of the lake last published: what Temporal no longer knows. */
  async function lookIntoLake(): Promise<void> {
    const domains = new Set<string>();
    for await (const { key } of store.list('index/')) domains.add(key.split('/')[1] ?? '');
    for (const domain of domains) {
      const last = (await readHead(store, domain)).entry.published.at(-1);
      if (last === undefined) continue;
      const { provenance } = await readJson<Publication>(store, last.publication);
      const { publishedAt } = await readJson<{ publishedAt: string }>(store, provenance);
      note(domain, Date.parse(publishedAt));
    }
    lakeLooked = true;
  }
  function tell(states: Map<string, RunState>): void {
    for (const [workflowId, before] of told) {
      const state = states.get(workflowId);
      const { domain, run, phase } = before;
      if (state?.phase !== phase) units.set(0, { domain, run, phase });
      if (state !== undefined) continue;
      parked.set(0, { domain, run });
      failed.set(0, { domain, run });
    }
    for (const { domain, run, phase, ...state } of states.values()) {
      parked.set(state.parked ? 1 : 0, { domain, run });
      failed.set(state.failed, { domain, run });
      units.set(state.units, { domain, run, phase });
    }
    for (const [domain, at] of succeeded) success.set(at, { domain });
    told = states;
  }

  let looking = false;
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      await sample();
    } catch {
      // Neither Temporal nor the lake has to be there: the next look finds what there is then.
    }
    looking = false;
  }
  const timer = setInterval(() => void look(), SAMPLE_MS);
  timer.unref();
  void look();
  return {
    sample,
    close() {
      clearInterval(timer);
      store.close();
    },
  };
}

function nameOf(workflowId: string): { domain: string; run: string } | undefined {
  const [, domain, run] = /^ingest\/([^/]+)\/(.+)$/s.exec(workflowId) ?? [];
  return domain === undefined || run === undefined ? undefined : { domain, run };
}
