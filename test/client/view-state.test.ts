import { WorkflowFailedError } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, RetryState } from '@temporalio/common';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exitOfState } from '../../client/view/run-state.ts';
import { addLanes, rootFailure, waitingOf } from '../../client/view/temporal-state.ts';
import type { Progress } from '../../workflows/contract.ts';
import { manifestOf, stateOf } from './run-states.ts';

test('exit codes of a run', () => {
  const failures = { total: 1, sources: [] };
  const failedSources = [{ key: 'raw/a.parquet', type: 'CorruptParquet' }];
  const failed = (type: string) => stateOf({ status: 'failed', failure: { type, message: '' } });
  expect(exitOfState(stateOf())).toBe(0);
  expect(exitOfState(stateOf({ status: 'completed' }))).toBe(0);
  expect(exitOfState(stateOf({ status: 'completed', failures }))).toBe(3);
  expect(exitOfState(stateOf({ status: 'completed', manifest: manifestOf({ failedSources }) }))).toBe(3);
  expect(exitOfState(failed('NothingToDo'))).toBe(1);
  expect(exitOfState(failed('SpecConflict'))).toBe(2);
  expect(exitOfState(stateOf({ status: 'terminated' }))).toBe(1);
  expect(exitOfState(stateOf({ status: 'unfinished' }))).toBe(1);
  expect(exitOfState(stateOf({ interrupted: true }))).toBe(130);
});

const parent: Progress = {
  phase: 'synthesize',
  done: 2,
  total: 10,
  counts: { texts: 5, pairs: 7 },
  lanes: ['a', 'b'],
  parked: null,
  waiting: null,
  paused: false,
  concurrency: null,
};

test("lanes' work comes on top of the parent's", () => {
  const lane = {
    phase: 'synthesize',
    done: 3,
    total: 4,
    counts: { pairs: 11, prompted: 2 },
    lanes: [],
    parked: null,
    waiting: null,
    paused: false,
    concurrency: null,
  } as const;
  const sum = addLanes(parent, [{ ...lane, lanes: [] }, undefined]);
  expect(sum).toMatchObject({ done: 5, counts: { texts: 5, pairs: 18, prompted: 2 } });
  expect(parent).toMatchObject({ done: 2, counts: { texts: 5, pairs: 7 } });
  // A lane of the phase before, closed since its parent answered, adds no units of this phase.
  expect(addLanes(parent, [{ ...lane, phase: 'scan', lanes: [] }]).done).toBe(2);
});

test('never more is done than there is', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.nat(20), fc.array(fc.nat(20), { maxLength: 4 }), (done, more, lanes) => {
      const total = done + more;
      const answers = lanes.map((n): Progress => ({ ...parent, done: n, counts: {}, lanes: [] }));
      const sum = addLanes({ ...parent, done, total }, answers).done;
      expect(sum).toBe(Math.min(total, done + lanes.reduce((a, b) => a + b, 0)));
    }),
  );
});

test('the cause of a failure is what an activity of a lane threw', () => {
  const thrown = ApplicationFailure.create({ type: 'AccessDenied', message: 'no key' });
  const { MAXIMUM_ATTEMPTS_REACHED } = RetryState;
  const activity = new ActivityFailure(
    undefined,
    'scanPartition',
    '1',
    MAXIMUM_ATTEMPTS_REACHED,
    'w',
    thrown,
  );
  const lane = { workflowId: 'ingest/a/b/scan/corpus/0', runId: 'x' };
  const child = new ChildWorkflowFailure('ns', lane, 'processPartitions', MAXIMUM_ATTEMPTS_REACHED, activity);
  const error = new WorkflowFailedError('failed', child, MAXIMUM_ATTEMPTS_REACHED);
  expect(rootFailure(error)).toEqual({ type: 'AccessDenied', message: 'no key' });
  expect(rootFailure('text')).toEqual({ type: 'Error', message: 'text' });
});

test('activities that failed the same way are one thing that is waited for', () => {
  const lastFailure = {
    message: 'refused',
    applicationFailureInfo: { type: 'EndpointUnavailable' },
  };
  const activity = (attempt: number) => ({ activityType: { name: 'synthesizeRound' }, attempt, lastFailure });
  const running = { activityType: { name: 'synthesizeRound' }, attempt: 1 };
  const raws = [
    { pendingActivities: [activity(2), running] },
    { pendingActivities: [activity(5)], pendingWorkflowTask: { attempt: 1 } },
    { pendingWorkflowTask: { attempt: 3 } },
  ] as unknown as Parameters<typeof waitingOf>[0];
  expect(waitingOf(raws, 'its own code fails: x')).toEqual([
    {
      activity: 'synthesizeRound',
      attempt: 5,
      type: 'EndpointUnavailable',
      message: 'refused',
      activities: 2,
    },
    { activity: 'workflow', attempt: 3, type: '', message: 'its own code fails: x', activities: 1 },
  ]);
  expect(waitingOf([])).toEqual([]);
});
