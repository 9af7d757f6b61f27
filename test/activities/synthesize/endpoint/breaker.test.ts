import { expect, test } from 'vitest';
import { openBreaker } from '../../../../activities/synthesize/endpoint/breaker.ts';

const failing = (times: number, now = 0) => {
  const breaker = openBreaker(0.5);
  for (let i = 0; i < times; i++) breaker.failed('failing', now);
  return breaker;
};

test('five failures in a row open it, four do not, and an answer between them starts anew', () => {
  expect(failing(4).state).toBe('closed');
  expect(failing(5).state).toBe('open');
  const breaker = failing(4);
  breaker.answered();
  breaker.failed('failing', 0);
  expect(breaker.state).toBe('closed');
});
test('a server that nobody listens at is open at once, and closed as soon as it is healthy', () => {
  const breaker = openBreaker(0.5);
  breaker.failed('unreachable', 1_000);
  expect([breaker.state, breaker.until]).toEqual(['open', 1_250]);
  breaker.checked(false, 1_250);
  expect([breaker.state, breaker.until]).toEqual(['open', 1_750]);
  breaker.checked(true, 1_749);
  expect(breaker.state).toBe('open');
  breaker.checked(true, 1_750);
  expect(breaker.state).toBe('closed');
});
test('one that is there and fails is half open when it is healthy: one request decides', () => {
  const breaker = failing(5);
  breaker.checked(true, breaker.until);
  expect(breaker.state).toBe('half-open');
  breaker.failed('failing', 300);
  expect(breaker.state).toBe('open');
  breaker.checked(true, breaker.until);
  breaker.answered();
  expect(breaker.state).toBe('closed');
});
test('it stays open longer each time, five seconds at most and one where nobody listens', () => {
  const waits = (trouble: 'failing' | 'unreachable') => {
    const breaker = openBreaker(0.5);
    for (let i = 0; i < 5; i++) breaker.failed(trouble, 0);
    return Array.from({ length: 7 }, () => {
      const { until } = breaker;
      breaker.checked(false, until);
      return breaker.until - until;
    });
  };
  expect(waits('failing')).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  expect(waits('unreachable')).toEqual([500, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000]);
});
test('Retry-After of a server that refuses everything is waited for', () => {
  const breaker = openBreaker(0.5);
  for (let i = 0; i < 5; i++) breaker.failed('refusing', 0, 7_000);
  expect([breaker.state, breaker.until]).toEqual(['open', 7_000]);
  breaker.failed('refusing', 100, 9_000);
  expect(breaker.until).toBe(9_100);
  breaker.checked(true, 9_100);
  expect(breaker.state).toBe('half-open');
});
test('an answer to a request that was under way closes it', () => {
  const breaker = failing(5);
  breaker.answered();
  expect(breaker.state).toBe('closed');
});
