import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type ErrorFamily, LakeError } from '../lake/errors.ts';
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

/** The failure as Temporal carries it: the class by name, whether to try again, and how long a server asked us to wait. */
export function temporalFailure(plain: PlainFailure): ApplicationFailure | CancelledFailure {
  if (plain.family === 'cancelled') return new CancelledFailure('the activity was cancelled');
  const failure = ApplicationFailure.create({
    type: plain.type,
    message: plain.message,
    nonRetryable: FINAL.has(plain.family),
    ...(plain.retryAfter === undefined ? {} : { nextRetryDelay: plain.retryAfter }),
  });
  if (plain.stack !== undefined) failure.stack = plain.stack;
  return failure;
}
