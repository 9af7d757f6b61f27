import type { Client } from '@temporalio/client';

/** A schedule of nightly ingests, and what has become of its last night. */
export interface ListedSchedule {
  id: string;
  paused: boolean;
  note: string | null;
  /** ISO 8601. */
  next: string | null;
  last: { workflowId: string; takenAt: string; status: string | null } | null;
}

/** All schedules that start `ingestDomain` under an id of ours, in the order of their ids. */
export async function listSchedules(client: Client): Promise<ListedSchedule[]> {
  const schedules: ListedSchedule[] = [];
  for await (const { scheduleId: id, state, info, action } of client.schedule.list()) {
    if (!/^ingest\/[^/]+\/[^/]+$/.test(id)) continue;
    if (action !== undefined && action.workflowType !== 'ingestDomain') continue;
    const last = info.recentActions.at(-1);
    schedules.push({
      id,
      paused: state.paused,
      note: state.note || null,
      next: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
      last:
        last === undefined
          ? null
          : {
              workflowId: last.action.workflow.workflowId,
              takenAt: last.takenAt.toISOString(),
              status: await statusOf(client, last.action.workflow.workflowId),
            },
    });
  }
  return schedules.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** `COMPLETED`, `RUNNING`, …; null when Temporal has forgotten it. */
async function statusOf(client: Client, workflowId: string): Promise<string | null> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name;
  } catch {
    return null;
  }
}
