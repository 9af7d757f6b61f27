import {
  type Client,
  isGrpcServiceError,
  ServiceError,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ApplicationFailure, defineSearchAttributeKey, NamespaceNotFoundError } from '@temporalio/common';
import { BadUsage, TemporalUnavailable } from '../../lake/errors.ts';
import {
  type Failures,
  type IngestResult,
  PHASES,
  type Phase,
  type Progress,
} from '../../workflows/contract.ts';
import { loadOf } from './endpoint-load.ts';
import type { RunState, RunStatus, Waiting } from './run-state.ts';

/** Without a worker a query waits for its deadline. */
const QUERY_MS = 3_000;
const CALL_MS = 10_000;
const PHASE_ATTRIBUTE = defineSearchAttributeKey('Phase', 'KEYWORD');

const STATUSES: Readonly<Record<string, RunStatus>> = {
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timedOut',
};

/** Adds what Temporal knows of a run to its state; false when it knows no such workflow. Throws TemporalUnavailable, BadUsage. */
export async function readExecution(client: Client, state: RunState): Promise<boolean> {
  const described = await describe(client, state.workflowId);
  if (described === undefined) return false;
  state.status = STATUSES[described.status.name] ?? 'running';
  state.startedAt = (await firstStart(client, described)).toISOString();
  state.closedAt = described.closeTime?.toISOString() ?? null;
  if (state.status === 'completed') await addResult(client, described, state);
  else {
    if (state.status !== 'running') await addFailure(client, described, state);
    await addProgress(client, described, state);
  }
  const total = state.counts.failedSources ?? state.counts.unreadableSources ?? 0;
  // Who did not answer once is not waited for again, and most runs that are over have nothing to tell.
  const worth = state.notes.length === 0 && (total > 0 || state.status !== 'completed');
  const failures = worth ? await ask<Failures>(client, state.workflowId, 'failures', state.notes) : undefined;
  state.failures = failures ?? { total, sources: [] };
  return true;
}

/** What Temporal says of a workflow that is under way. */
export type Described = Pick<
  WorkflowExecutionDescription['raw'],
  'pendingActivities' | 'pendingWorkflowTask'
>;

/**
 * Pending activities that have failed, alike ones as one; and a workflow whose own code keeps failing, with what
 * `taskFailure` found of it.
 */
export function waitingOf(raws: readonly Described[], taskFailure?: string): Waiting[] {
  const found = new Map<string, Waiting>();
  function add(activity: string, attempt: number, type: string, message: string): void {
    const key = JSON.stringify([activity, type, message]);
    const there = found.get(key);
    found.set(key, {
      activity,
      attempt: Math.max(attempt, there?.attempt ?? 0),
      type,
      message,
      activities: (there?.activities ?? 0) + 1,
    });
  }
  for (const { pendingActivities, pendingWorkflowTask } of raws) {
    for (const { activityType, attempt, lastFailure } of pendingActivities ?? []) {
      if (!lastFailure) continue;
      const type = lastFailure.applicationFailureInfo?.type ?? '';
      add(activityType?.name ?? 'activity', attempt ?? 1, type, lastFailure.message ?? '');
    }
    const tries = pendingWorkflowTask?.attempt ?? 0;
    if (tries > 1)
      add('workflow', tries, '', taskFailure ?? 'the worker does not finish its task; see its log');
  }
  return [...found.values()];
}

/** What running lanes have done, on top of what the parent counted. A lane of another phase adds no units. */
export function addLanes(progress: Progress, lanes: readonly (Progress | undefined)[]): Progress {
  const counts = { ...progress.counts };
  let { done } = progress;
  for (const lane of lanes) {
    if (lane === undefined) continue;
    if (lane.phase === progress.phase) done += lane.done;
    for (const [name, count] of Object.entries(lane.counts)) counts[name] = (counts[name] ?? 0) + count;
  }
  return { ...progress, done: Math.min(done, progress.total), counts };
}

/** The innermost cause that has a type: activities and lanes only wrap it. */
export function rootFailure(error: unknown): { type: string; message: string } {
  let found = error instanceof Error ? error : new Error(String(error));
  while (found.cause instanceof Error) found = found.cause;
  const type = found instanceof ApplicationFailure ? (found.type ?? found.name) : found.name;
  return { type, message: found.message };
}

async function addResult(
  client: Client,
  { runId, workflowId }: WorkflowExecutionDescription,
  state: RunState,
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  const result = (await bounded(client, CALL_MS, () => handle.result())) as Partial<IngestResult>;
  Object.assign(state, { phase: 'done', done: 1, total: 1, counts: { ...result.counts } });
  state.training = result.training ?? null;
  state.publication = result.publication ?? null;
  // No other publishes nothing.
  if (result.publication === null) state.mode = 'incremental';
}

async function addFailure(
  client: Client,
  { runId, workflowId }: WorkflowExecutionDescription,
  state: RunState,
): Promise<void> {
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  try {
    await bounded(client, CALL_MS, () => handle.result());
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    state.failure = rootFailure(error.cause ?? error);
  }
}

async function addProgress(
  client: Client,
  described: WorkflowExecutionDescription,
  state: RunState,
): Promise<void> {
  const parent = await ask<Progress>(client, state.workflowId, 'progress', state.notes);
  if (parent === undefined) {
    state.phase = phaseOf(described.typedSearchAttributes.get(PHASE_ATTRIBUTE));
    state.waiting = waitingOf([described.raw], await taskFailure(client, described));
    return;
  }
  // A training child has no progress of its own to add.
  const lanes = state.status === 'running' ? parent.lanes : [];
  const [answers, lanesDescribed] = await Promise.all([
    Promise.all(
      lanes
        .filter((id) => id.startsWith(state.workflowId))
        .map((id) => ask<Progress>(client, id, 'progress', [])),
    ),
    Promise.all(lanes.map((id) => describe(client, id))),
  ]);
  const progress = addLanes(parent, answers);
  state.phase = phaseOf(progress.phase);
  state.done = progress.done;
  state.total = progress.total;
  state.counts = progress.counts;
  state.model = progress.model ?? null;
  // Runs that an older worker answers for have no such fields.
  if (state.status === 'running') {
    state.parked = progress.parked ?? null;
    state.waitingFor = progress.waiting ?? null;
    state.paused = progress.paused ?? false;
    state.concurrency = progress.concurrency ?? null;
  }
  const running = lanesDescribed.filter((each) => each?.status.name === 'RUNNING');
  if (state.status === 'running') {
    const raws = [described, ...running].flatMap((each) => (each === undefined ? [] : [each.raw]));
    state.waiting = waitingOf(raws);
    state.endpoints = loadOf(raws);
  }
}

/** When a run began: a long one goes on in new executions, of which Temporal describes the last. */
async function firstStart(
  client: Client,
  { startTime, runId, workflowId, raw }: WorkflowExecutionDescription,
): Promise<Date> {
  const first = raw.workflowExecutionInfo?.firstRunId;
  if (!first || first === runId) return startTime;
  return (await describe(client, workflowId, first))?.startTime ?? startTime;
}

/** Why a workflow task is tried again: its failure is among the newest events. */
async function taskFailure(
  client: Client,
  { raw, workflowId, runId }: WorkflowExecutionDescription,
): Promise<string | undefined> {
  if ((raw.pendingWorkflowTask?.attempt ?? 0) <= 1) return undefined;
  const { namespace } = client.options;
  const { history } = await bounded(client, CALL_MS, () =>
    client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: 5,
    }),
  );
  const failed = history?.events?.find((event) => event.workflowTaskFailedEventAttributes);
  const message = failed?.workflowTaskFailedEventAttributes?.failure?.message;
  return message ? `its own code fails: ${message}` : undefined;
}

/** The answer to a query, or undefined (and a note) when no worker gives it in time. */
async function ask<T>(
  client: Client,
  workflowId: string,
  query: string,
  notes: string[],
): Promise<T | undefined> {
  try {
    return await client.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(workflowId).query<T>(query),
    );
  } catch {
    const said = 'no worker answers for this run; is one running? (`instruct-lake doctor` looks)';
    if (!notes.includes(said)) notes.push(said);
    return undefined;
  }
}

/** What Temporal says of a workflow; undefined when it knows none of that id. Throws TemporalUnavailable, BadUsage. */
export async function describe(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await bounded(client, CALL_MS, () => client.workflow.getHandle(workflowId, runId).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function bounded<T>(client: Client, ms: number, call: () => Promise<T>): Promise<T> {
  try {
    return await client.withDeadline(Date.now() + ms, call);
  } catch (error) {
    if (error instanceof NamespaceNotFoundError) {
      throw new BadUsage(`Temporal has no namespace ${error.namespace}; name another with --namespace`);
    }
    if (!(error instanceof ServiceError)) throw error;
    const why = isGrpcServiceError(error.cause) ? error.cause.details : error.message;
    throw new TemporalUnavailable(`Temporal does not answer: ${why}`, {}, { cause: error });
  }
}

function phaseOf(name: string | undefined): Phase | null {
  return PHASES.find((phase) => phase === name) ?? null;
}
