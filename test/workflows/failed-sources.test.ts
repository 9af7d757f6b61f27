import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FailedSource, PlannedInput } from '../../workflows/contract.ts';
import {
  acceptFailed,
  distinctFailed,
  failedInLane,
  keepFailures,
  plannedFailures,
  tooManyFailed,
} from '../../workflows/failed-sources.ts';

const input = (name: string, sources: number, failed: number): PlannedInput => ({
  name,
  entries: 1,
  sources,
  rows: 1,
  failed,
  ignored: 0,
});
const failure = (key: string): FailedSource => ({ key, type: 'CorruptParquet', message: `${key} is broken` });

test('how many sources may fail', () => {
  const failed = (count: number) => plannedFailures([input('corpus', 100, count)], []);
  expect(tooManyFailed(failed(0), 0)).toBeUndefined();
  expect(tooManyFailed(failed(1), 0)).toBeDefined();
  expect(tooManyFailed(failed(1), 0.01)).toBeUndefined();
  expect(tooManyFailed(failed(2), 0.01)).toBeDefined();
  expect(tooManyFailed(failed(100), 1)).toBeUndefined();
  expect(tooManyFailed(plannedFailures([], []), 0)).toBeUndefined();
});

test('the corpus and instructions count by themselves, and what was accepted is asked once', () => {
  const inputs = [input('corpus', 4, 1), input('instructions-1', 2, 1), input('instructions-2', 2, 0)];
  const failures = plannedFailures(inputs, [failure('a')]);
  expect(tooManyFailed(failures, 0.25)).toBeUndefined();
  failures.instructions.failed = 2;
  expect(tooManyFailed(failures, 0.25)).toBe(
    '2 of 4 instruction sources failed, more than maxFailedFraction = 0.25 allows:\n  - CorruptParquet: a is broken\n  … and 2 more',
  );
  expect(tooManyFailed(failures, 0)).toMatch(
    /^1 of 4 sources failed and 2 of 4 instruction sources failed, /,
  );
  acceptFailed(failures);
  expect(tooManyFailed(failures, 0)).toBeUndefined();
  failures.corpus.failed = 2;
  expect(tooManyFailed(failures, 0)).toMatch(/^2 of 4 sources failed, /);
});

test('each failure is told once, a hundred of them', () => {
  const failures = plannedFailures([], [failure('a')]);
  keepFailures(failures, [failure('a'), failure('b')]);
  expect(failures.first.map(({ key }) => key)).toEqual(['a', 'b']);
  keepFailures(
    failures,
    Array.from({ length: 200 }, (_, i) => failure(`c${i}`)),
  );
  expect(failures.first).toHaveLength(100);
});

test('a source that fails in several lanes is one', () => {
  // Partitions in the order of sources: each source has some in a row, and each of them may fail.
  const source = fc.array(fc.boolean(), { minLength: 1, maxLength: 7 });
  fc.assert(
    fc.property(fc.array(source, { maxLength: 12 }), fc.integer({ min: 1, max: 5 }), (sources, width) => {
      const partitions = sources.flatMap((fails, i) => fails.map((failed) => ({ key: `${i}`, failed })));
      const lanes = [];
      for (let from = 0; from < partitions.length; from += width) {
        const lane = partitions.slice(from, from + width);
        lanes.push(failedInLane(lane.map(({ key, failed }) => (failed ? [key] : []))));
      }
      const want = new Set(partitions.flatMap(({ key, failed }) => (failed ? [key] : [])));
      expect(distinctFailed(lanes)).toBe(want.size);
    }),
  );
});
