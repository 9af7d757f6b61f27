import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { expect, test } from 'vitest';
import { failsAlone, plainFailure, temporalFailure } from '../../activities/failure.ts';
import { Cancelled } from '../../activities/services.ts';
import {
  AccessDenied,
  CorruptLake,
  CorruptParquet,
  EndpointUnavailable,
  SpecConflict,
} from '../../lake/errors.ts';
import type { FailureDetail } from '../../workflows/contract.ts';

const carried = (error: unknown, attempt: number) => {
  const failure = temporalFailure(plainFailure(error), attempt);
  if (!(failure instanceof ApplicationFailure)) throw failure;
  const { type, nonRetryable, details, nextRetryDelay } = failure;
  const [detail] = details as FailureDetail[];
  return { type, final: nonRetryable, family: detail?.family, nextRetryDelay };
};

test.each([
  [new CorruptParquet('x'), 'CorruptParquet', 'input', 1],
  [new AccessDenied('x'), 'AccessDenied', 'configuration', 1],
  [new SpecConflict('x'), 'SpecConflict', 'usage', 1],
  [new CorruptLake('x'), 'CorruptLake', 'internal', 5],
  [new TypeError('x'), 'TypeError', 'unknown', 5],
  ['thrown as a text', 'Error', 'unknown', 5],
  [new EndpointUnavailable('x'), 'EndpointUnavailable', 'environment', Number.POSITIVE_INFINITY],
] as const)(
  '%s carries its class and family, and is final at its attempt',
  (error, type, family, finalAt) => {
    for (const attempt of [1, 4, 5, 1000]) {
      expect(carried(error, attempt)).toMatchObject({ type, family, final: attempt >= finalAt });
    }
  },
);

test('a server that asks for a wait gets it', () => {
  const asked = new EndpointUnavailable('busy', { retryAfter: 7_000 });
  expect(carried(asked, 1).nextRetryDelay).toBe(7_000);
});

test('a cancellation stays one', () => {
  expect(temporalFailure(plainFailure(new Cancelled('x')), 9)).toBeInstanceOf(CancelledFailure);
});

test('a source fails alone for what is in it; leniently, for our own faults too', () => {
  const both = (error: unknown): boolean[] => [failsAlone(error), failsAlone(error, true)];
  expect(both(new CorruptParquet('x'))).toEqual([true, true]);
  expect(both(new TypeError('x'))).toEqual([false, true]);
  expect(both(new CorruptLake('x'))).toEqual([false, true]);
  for (const error of [new EndpointUnavailable('x'), new AccessDenied('x'), new Cancelled('x')]) {
    expect(both(error)).toEqual([false, false]);
  }
});
