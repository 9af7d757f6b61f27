import { ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureDetail, Reason } from './contract.ts';

/** What lies at the bottom of a failure: activities and lanes only wrap it. */
export interface Cause extends Reason {
  /** `timeout`: Temporal's own limits were over, and no attempt had failed. */
  family: FailureDetail['family'] | 'timeout';
}

/** The innermost failure that says what it is, with the family that the activity gave it. */
export function causeOf(error: unknown): Cause {
  const last = error instanceof Error ? error : new Error(String(error));
  const known = (each: Error): boolean =>
    each instanceof ApplicationFailure ||
    (each instanceof TimeoutFailure && !(each.cause instanceof ApplicationFailure));
  let found = last;
  while (!known(found) && found.cause instanceof Error) found = found.cause;
  const { message } = found;
  if (found instanceof TimeoutFailure) return { type: found.name, message, family: 'timeout' };
  if (!(found instanceof ApplicationFailure)) return { type: found.name, message, family: 'unknown' };
  const [detail] = (found.details ?? []) as (Partial<FailureDetail> | undefined)[];
  return { type: found.type ?? found.name, message, family: detail?.family ?? 'unknown' };
}

/** Whether the fault is ours: a bug, or a lake whose objects do not fit each other. */
export function isFault({ family }: Cause): boolean {
  return family === 'internal' || family === 'unknown';
}
