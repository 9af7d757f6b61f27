import {
  type Client,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { canonicalJson } from '../../lake/hash.ts';
import { milliseconds } from '../../lake/spec/fields.ts';
import { QUEUES } from '../../workflows/contract.ts';
import type { Timing, WantedSchedule } from './schedule-file.ts';

/** Under this name the nights of a schedule remember when it fires: Temporal gives times back in another form. */
const MEMO = 'instruct-lake-schedule';

export type Applied = 'created' | 'updated' | 'unchanged';
export interface AppliedSchedule {
  id: string;
  domain: string;
  applied: Applied;
  /** What differs, by names: `at`, `jitter`, `spec.rounds`, … */
  changes: string[];
}

/** Makes schedules what their file wants; applied again it changes nothing. With `dryRun` it only says what it would do. */
export async function applySchedules(
  client: Client,
  wanted: readonly WantedSchedule[],
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<AppliedSchedule[]> {
  const applied: AppliedSchedule[] = [];
  for (const each of wanted) {
    const { id, domain, paused } = each;
    const now = await describeSchedule(client, id);
    if (now === undefined) {
      if (!dryRun) await client.schedule.create(optionsOf(each, paused ?? false));
      applied.push({ id, domain, applied: 'created', changes: [] });
      continue;
    }
    const changes = differences(each, now);
    if (changes.length > 0 && !dryRun) {
      const note = now.state.note;
      const { scheduleId: _, ...options } = optionsOf(each, paused ?? now.state.paused, note);
      await client.schedule.getHandle(id).update(() => ({ ...options, state: options.state ?? {} }));
    }
    applied.push({ id, domain, applied: changes.length === 0 ? 'unchanged' : 'updated', changes });
  }
  return applied;
}

/** A schedule as Temporal knows it; undefined when there is none. */
export async function describeSchedule(client: Client, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await client.schedule.getHandle(id).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

function optionsOf({ id, timing, spec }: WantedSchedule, paused: boolean, note?: string): ScheduleOptions {
  const { at, cron, jitter, catchUp } = timing;
  const [hour, minute] = (at ?? '').split(':').map(Number);
  return {
    scheduleId: id,
    spec: {
      ...(cron === undefined
        ? { calendars: [{ hour: hour ?? 0, minute: minute ?? 0 }] }
        : { cronExpressions: [cron] }),
      timezone: 'UTC',
      jitter: milliseconds(jitter),
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'ingestDomain',
      workflowId: id,
      taskQueue: QUEUES.workflows,
      args: [spec],
      memo: { [MEMO]: timing },
    },
    // A night that takes longer than a day lets the next one begin when it has ended; of those in between none is missed.
    policies: { overlap: ScheduleOverlapPolicy.BUFFER_ONE, catchupWindow: milliseconds(catchUp) },
    state: { paused, ...(note === undefined ? {} : { note }) },
  };
}

/** In what a schedule is not as it is wanted. One that was changed by hand is seen where Temporal gives it back as it was given. */
export function differences(
  { id, timing, paused, spec }: WantedSchedule,
  now: ScheduleDescription,
): string[] {
  const { action, policies, state } = now;
  const before = (action.memo?.[MEMO] ?? {}) as Partial<Timing>;
  const changes: string[] = (['at', 'cron', 'jitter', 'catchUp'] as const).filter(
    (name) => before[name] !== timing[name],
  );
  if (policies.overlap !== ScheduleOverlapPolicy.BUFFER_ONE) changes.push('overlap');
  if (policies.catchupWindow !== milliseconds(timing.catchUp) && !changes.includes('catchUp')) {
    changes.push('catchUp');
  }
  if ((now.spec.jitter ?? 0) !== milliseconds(timing.jitter) && !changes.includes('jitter')) {
    changes.push('jitter');
  }
  if (paused !== undefined && paused !== state.paused) changes.push('paused');
  const { workflowType, taskQueue, workflowId, args } = action;
  if (workflowType !== 'ingestDomain' || taskQueue !== QUEUES.workflows || workflowId !== id) {
    changes.push('action');
  }
  const old = (args?.[0] ?? {}) as Record<string, unknown>;
  const wanted = spec as unknown as Record<string, unknown>;
  for (const key of [...new Set([...Object.keys(old), ...Object.keys(wanted)])].sort()) {
    if (canonicalJson(old[key] ?? null) !== canonicalJson(wanted[key] ?? null)) changes.push(`spec.${key}`);
  }
  return changes;
}
