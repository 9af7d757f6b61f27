import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type ErrorFamily, LakeError } from '../lake/errors.ts';
import type { FailureDetail } from '../workflows/contract.ts';
import { Cancelled } from './services.ts';

/** A failure in plain data: what crosses from a thread to the main thread, where classes do not survive. */
export interface PlainFailure {
  type: string;
  message: string;
  family: ErrorFamily | 'cancelled' | 'unknown';
  retryAfter: number | undefined;
  stack: string | undefined;
}

export function plainFailure(error: unknown): PlainFailure {
  const known = error instanceof Error ? error : new Error(String(error));
  return {
    type: known.name,
    message: known.message,
    family: error instanceof LakeError ? error.family : error instanceof Cancelled ? 'cancelled' : 'unknown',
    retryAfter: error instanceof LakeError ? error.context.retryAfter : undefined,
    stack: known.stack,
  };
}

/** Families that another attempt cannot mend. */
const FINAL: ReadonlySet<string> = new Set<ErrorFamily>(['input', 'configuration', 'usage']);
/** Families of our own faults. They may have been chance (memory, a disk), so they are met a few times; not for days. */
const FAULTS: ReadonlySet<string> = new Set(['internal', 'unknown']);
const FAULT_ATTEMPTS = 5;

/**
 * The failure as Temporal carries it: the class by name, its family for the workflow to decide by, whether to try again
 * after this attempt, and how long a server asked us to wait.
 */
export function temporalFailure(plain: PlainFailure, attempt: number): ApplicationFailure | CancelledFailure {
  const { family } = plain;
  if (family === 'cancelled') return new CancelledFailure('the activity was cancelled');
  const failure = ApplicationFailure.create({
    type: plain.type,
    message: plain.message,
    nonRetryable: FINAL.has(family) || (FAULTS.has(family) && attempt >= FAULT_ATTEMPTS),
    details: [{ family } satisfies FailureDetail],
    ...(plain.retryAfter === undefined ? {} : { nextRetryDelay: plain.retryAfter }),
  });
  if (plain.stack !== undefined) failure.stack = plain.stack;
  return failure;
}

/** Whether an error met while a source was read fails that source and leaves its neighbours alone. */
export function failsAlone(error: unknown, lenient = false): boolean {
  const { family } = plainFailure(error);
  return family === 'input' || (lenient && FAULTS.has(family));
}
