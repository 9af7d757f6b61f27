import { describe, expect, test } from 'vitest';
import { afterFailure, noTries, waitOf } from '../../../../activities/synthesize/endpoint/tries.ts';

type Kind = Parameters<typeof afterFailure>[1];
const verdict = (...kinds: Kind[]) => {
  const tries = noTries();
  return kinds.map((kind) => afterFailure(tries, kind)).at(-1);
};
const times = (count: number, kind: Kind): Kind[] => Array.from({ length: count }, () => kind);

describe('a request', () => {
  test('is given up after five failures, or three time-outs', () => {
    expect([verdict(...times(4, 'failing')), verdict(...times(5, 'failing'))]).toEqual(['again', 'give up']);
    expect([verdict(...times(2, 'timeout')), verdict(...times(3, 'timeout'))]).toEqual(['again', 'give up']);
    expect(verdict('failing', 'timeout', 'failing', 'timeout', 'failing')).toBe('give up');
  });
  test('that is turned away is never at fault', () => {
    expect(verdict(...times(19, 'refusing'))).toBe('again');
    expect(verdict(...times(20, 'refusing'))).toBe('away');
    expect(verdict('failing', ...times(4, 'unreachable'))).toBe('again');
  });
  test('is asked alone once it has lost its connection twice', () => {
    expect([verdict('lost'), verdict('lost', 'lost'), verdict('lost', 'lost', 'refusing')]).toEqual([
      'again',
      'suspect',
      'suspect',
    ]);
  });
});
describe('a wait', () => {
  const wait = (id: string, failures: number, retryAfter?: number) =>
    waitOf(id, { ...noTries(), count: failures, failures }, retryAfter);
  test('is the same for the same request and try, and another for others', () => {
    expect(wait('a', 1)).toBe(wait('a', 1));
    expect(new Set(['a', 'b', 'c', 'd'].map((id) => wait(id, 1))).size).toBe(4);
  });
  test('doubles up to eight seconds, half of it and half more by jitter', () => {
    for (const [failures, middle] of [
      [1, 250],
      [2, 500],
      [4, 2_000],
      [9, 8_000],
    ] as const) {
      expect(wait('a', failures)).toBeGreaterThanOrEqual(middle / 2);
      expect(wait('a', failures)).toBeLessThanOrEqual(middle * 1.5);
    }
  });
  test('is never shorter than the server asked for', () => {
    for (const id of ['a', 'b', 'c']) expect(wait(id, 1, 10_000)).toBeGreaterThanOrEqual(10_000);
  });
});
