import { type Client, WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto, { type temporal } from '@temporalio/proto';
import { rootFailure } from '../client/view/temporal-state.ts';

export type History = temporal.api.history.v1.IHistory;

const { History: HISTORY } = proto.temporal.api.history.v1;

/** A history as plain JSON: enums by name, longs in decimal, bytes in Base64. */
export function historyToPlain(history: History): object {
  return HISTORY.toObject(HISTORY.fromObject(history), { longs: String, enums: String, bytes: String });
}
/** The history that `historyToPlain` gave. */
export const historyFromPlain = (plain: object): History => HISTORY.fromObject(plain);

/** What made a workflow fail, at the bottom of its causes. Throws what is no such failure, and when there was none. */
export async function failureOf(
  result: Promise<unknown>,
): Promise<{ type: string; message: string; nonRetryable: boolean }> {
  try {
    await result;
  } catch (error) {
    let cause: unknown = error instanceof WorkflowFailedError ? error.cause : error;
    while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause !== undefined) {
      cause = cause.cause;
    }
    if (!(cause instanceof ApplicationFailure)) throw error;
    const { type, message, nonRetryable } = cause;
    return { type: type ?? '', message, nonRetryable: nonRetryable === true };
  }
  throw new Error('the workflow did not fail');
}

/** What an update was refused with. Throws where it was taken, or failed in another way. */
export async function refusalOf(update: Promise<unknown>): Promise<string> {
  try {
    await update;
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return rootFailure(error).message;
  }
  throw new Error('the update was taken');
}

/** Attempts at activities that have ended, by activity type, of a workflow and all its children: a number for each activity. */
export async function attemptsOf(client: Client, workflowId: string): Promise<Record<string, number[]>> {
  const attempts: Record<string, number[]> = {};
  for (const { history } of await historiesOf(client, workflowId)) {
    const types = new Map<string, string>();
    for (const event of history.events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) types.set(String(event.eventId), scheduled.activityType?.name ?? '');
      const started = event.activityTaskStartedEventAttributes;
      if (!started) continue;
      const type = types.get(String(started.scheduledEventId)) ?? '';
      attempts[type] = [...(attempts[type] ?? []), started.attempt ?? 0];
    }
  }
  return attempts;
}

/** The histories of a workflow, of the executions that it went on in, and of all their children, parents first. */
export async function historiesOf(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<{ type: string; workflowId: string; history: History }[]> {
  const first = runId ?? (await firstRunOf(client, workflowId));
  const history = await client.workflow.getHandle(workflowId, first).fetchHistory();
  const events = history.events ?? [];
  const type = events[0]?.workflowExecutionStartedEventAttributes?.workflowType?.name ?? '';
  const found = [{ type, workflowId, history }];
  for (const { childWorkflowExecutionStartedEventAttributes: child } of events) {
    const execution = child?.workflowExecution;
    if (execution?.workflowId) {
      found.push(...(await historiesOf(client, execution.workflowId, execution.runId ?? undefined)));
    }
  }
  const next = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  if (next) found.push(...(await historiesOf(client, workflowId, next)));
  return found;
}

async function firstRunOf(client: Client, workflowId: string): Promise<string | undefined> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.workflowExecutionInfo?.firstRunId ?? undefined;
}

/** Activities of a type that a worker has in hand now, in a workflow or its running children. */
export async function startedNow(client: Client, workflowId: string, type: string): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const here = (raw.pendingActivities ?? []).filter(
    (each) => each.activityType?.name === type && Number(each.state) === 2,
  ).length;
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map((child) => startedNow(client, child.workflowId ?? '', type)),
  );
  return children.reduce((sum, each) => sum + each, here);
}

/** Activities of a type that are scheduled, waiting or in a worker's hands, in a workflow or its running children. */
export async function pendingNow(client: Client, workflowId: string, type: string): Promise<number> {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  const here = (raw.pendingActivities ?? []).filter((each) => each.activityType?.name === type).length;
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map((child) => pendingNow(client, child.workflowId ?? '', type)),
  );
  return children.reduce((sum, each) => sum + each, here);
}
