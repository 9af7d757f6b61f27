import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { defineSearchAttributeKey, type MetricMeter } from '@temporalio/common';
import { openS3, type S3Settings } from '../lake/s3.ts';
import type { Progress } from '../workflows/contract.ts';
import { openDomainGauges } from './domain-gauges.ts';
import { nameOf } from './log-attributes.ts';

const SAMPLE_MS = 15_000;
/** So long a run that has ended is told of. */
const REMEMBER_MS = 86_400_000;
/** Runs that have ended which are asked about at most, the newest first. */
const ENDED = 200;
/** A run that does not answer by then is asked again next time. */
const ANSWER_MS = 5_000;
const TYPES = 'WorkflowType IN ("ingestDomain", "replayPartitions")';
const FAILED = defineSearchAttributeKey('FailedPartitions', 'INT');

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
 * Gauges of runs for `/metrics`, from what is: the runs that Temporal has, their own query `progress`, its schedules, and what the
 * lake's domains have published. So they are there after a worker's restart as before. Any worker with the role `workflows` tells the same.
 */
export function openRunGauges(deps: RunGaugesDeps): RunGauges {
  const { client, meter, now = Date.now } = deps;
  const store = openS3(deps.lake);
  const gauge = (name: string, unit: string, what: string) =>
    meter.createGauge(`instruct_lake_${name}`, 'int', unit, what);
  const parked = gauge('parked', 'runs', 'Runs that wait for a decision.');
  const failed = gauge('failed_sources', '1', 'Sources of a run that have failed.');
  const units = gauge(
    'phase_units',
    '1',
    'Units (partitions, ranges, shards) of the phase that a run is in.',
  );
  const domains = openDomainGauges({ client, store, meter });
  /** What was told last, by workflow id; and what is known of those that have ended, by the id of the execution. */
  let told = new Map<string, RunState>();
  let ended = new Map<string, RunState>();

  async function sampleRuns(): Promise<void> {
    const states = new Map<string, RunState>();
    for await (const { workflowId } of client.workflow.list({
      query: `${TYPES} AND ExecutionStatus="Running"`,
    })) {
      const state = (await ask(workflowId)) ?? told.get(workflowId);
      if (state !== undefined) states.set(workflowId, state);
    }
    const since = new Date(now() - REMEMBER_MS).toISOString();
    const still = new Map<string, RunState>();
    let count = 0;
    const query = `${TYPES} AND ExecutionStatus!="Running" AND CloseTime > "${since}"`;
    for await (const execution of client.workflow.list({ query })) {
      if (count++ === ENDED) break;
      const { workflowId, runId, status, closeTime } = execution;
      const name = nameOf(workflowId);
      if (name === undefined || status.name === 'CONTINUED_AS_NEW') continue;
      if (status.name === 'COMPLETED' && closeTime !== undefined) {
        domains.succeeded(name.domain, closeTime.getTime());
      }
      // A run that was started again is what it is now.
      if (states.has(workflowId)) continue;
      const over = ended.get(runId) ?? (await stateAtEnd(execution));
      if (over === undefined) continue;
      // It may have published before it failed.
      if (!ended.has(runId) && status.name !== 'COMPLETED') domains.look(name.domain);
      still.set(runId, over);
      states.set(workflowId, over);
    }
    ended = still;
    tell(states);
  }
  async function ask(workflowId: string, runId?: string): Promise<RunState | undefined> {
    const name = nameOf(workflowId);
    if (name === undefined) return undefined;
    try {
      const handle = client.workflow.getHandle(workflowId, runId);
      const { parked, counts, phase, total } = await client.withDeadline(Date.now() + ANSWER_MS, () =>
        handle.query<Progress>('progress'),
      );
      return { ...name, parked: parked !== null, failed: counts.failedSources ?? 0, phase, units: total };
    } catch {
      return undefined;
    }
  }
  /** A run that has ended answers only after a replay of its whole history, so its search attributes go before. */
  async function stateAtEnd(execution: WorkflowExecutionInfo): Promise<RunState | undefined> {
    const { workflowId, runId, typedSearchAttributes } = execution;
    const before = told.get(workflowId);
    const failed = typedSearchAttributes.get(FAILED);
    const name = nameOf(workflowId);
    const known =
      failed === undefined || name === undefined
        ? ((await ask(workflowId, runId)) ?? before)
        : { ...name, failed, phase: before?.phase ?? 'done' };
    return known && { ...known, parked: false, units: 0 };
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
    told = states;
  }

  /** Runs, schedules and lake each by itself: one that cannot be reached hides nothing of the others. */
  async function sample(): Promise<void> {
    await sampleRuns().catch(() => {});
    await domains.sample();
  }
  let looking = false;
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    await sample();
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
