import { readdirSync, readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { describe, expect, inject, test } from 'vitest';
import type { LaneInput } from '../../workflows/contract.ts';
import * as workflows from '../../workflows/index.ts';
import { type History, historyFromPlain } from '../executions.ts';
import { quietly } from '../pipeline.ts';

quietly();

const folder = new URL('../histories/', import.meta.url);
const files = readdirSync(folder);

function historyOf(file: string): History {
  return historyFromPlain(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as object);
}
const startOf = (history: History) => history.events?.[0]?.workflowExecutionStartedEventAttributes;

/** Replays a history; rejects when the workflows of the bundle would have done anything else. */
function replay(history: History, code = inject('stack').bundle): Promise<void> {
  return Worker.runReplayHistory(
    { workflowBundle: { code } },
    history,
    startOf(history)?.workflowId ?? undefined,
  );
}

test.each(files)('%s replays', async (file) => {
  await replay(historyOf(file));
});

test('there is a history of every workflow type', () => {
  const recorded = new Set(files.map((file) => startOf(historyOf(file))?.workflowType?.name));
  expect(Object.keys(workflows).filter((type) => !recorded.has(type))).toEqual([]);
});

test('there is a lane of every phase, for the corpus and for instructions', () => {
  const lanes = files
    .map((file) => startOf(historyOf(file)))
    .filter((start) => start?.workflowType?.name === 'processPartitions')
    .map((start) => {
      const [payload] = start?.input?.payloads ?? [];
      const { phase, input } = JSON.parse(Buffer.from(payload?.data ?? []).toString()) as LaneInput;
      return `${phase} ${input.replace(/-\d+$/, '')}`;
    });
  expect([...new Set(lanes)].sort()).toEqual([
    'exchange corpus',
    'exchange instructions',
    'scan corpus',
    'synthesize corpus',
    'template corpus',
    'template instructions',
  ]);
});

test('there is a run that parks for each decision and settles failures, and one that goes on in a new execution', () => {
  const events = files.flatMap((file) => historyOf(file).events ?? []);
  const updates = events.map(
    (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name,
  );
  expect(updates).toEqual(expect.arrayContaining(['acceptPartial', 'resume']));
  const activities = events.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
  expect(activities).toContain('settleFailures');
  expect(events.some((event) => event.workflowExecutionContinuedAsNewEventAttributes)).toBe(true);
});

test('there is a run that was paused and re-budgeted while its lane was in its rounds', () => {
  const events = files
    .filter((file) => file.includes('steered'))
    .flatMap((file) => historyOf(file).events ?? []);
  const updates = events.map(
    (event) => event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name,
  );
  expect(updates).toEqual(expect.arrayContaining(['pause', 'resume', 'setConcurrency']));
  const signals = events.map((event) => event.workflowExecutionSignaledEventAttributes?.signalName);
  expect(signals).toEqual(expect.arrayContaining(['setLimits', 'confirmLimits']));
  expect(events.some((event) => event.activityTaskCanceledEventAttributes)).toBe(true);
});

test('there are incremental runs: one that waits for its domain, in a new execution too, one that is cancelled while it holds it, one without work', () => {
  const nightly = files.filter((file) => file.startsWith('ingestDomain.nightly-')).map(historyOf);
  const activitiesOf = ({ events }: History): string[] =>
    (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
  const asked = nightly.map(
    (history) => activitiesOf(history).filter((name) => name === 'openDomain').length,
  );
  expect(Math.max(...asked)).toBeGreaterThan(1);
  const went = nightly.filter(({ events }) =>
    events?.some((event) => event.workflowExecutionContinuedAsNewEventAttributes),
  );
  expect(went.map(activitiesOf).some((names) => names.at(-1) === 'openDomain')).toBe(true);
  const closed = nightly.filter((history) => activitiesOf(history).at(-1) === 'closeDomain');
  expect(
    closed
      .map(({ events }) => events?.some((event) => event.workflowExecutionCanceledEventAttributes))
      .sort(),
  ).toEqual([false, true]);
});

describe('a workflow that no longer does what a history says', () => {
  const file = 'ingestDomain.sample-r1.json';

  test('is found when the code has changed', async () => {
    const code = inject('stack').bundle;
    const changed = code.replaceAll('planSources', 'mixSources');
    expect(changed).not.toBe(code);
    await expect(replay(historyOf(file), changed)).rejects.toThrow(DeterminismViolationError);
  });

  test('is found when the history has', async () => {
    const history = historyOf(file);
    const scheduled = history.events?.findLast(
      ({ activityTaskScheduledEventAttributes: activity }) => activity?.activityType?.name === 'publishRun',
    )?.activityTaskScheduledEventAttributes;
    expect(scheduled?.activityType?.name).toBe('publishRun');
    if (scheduled) scheduled.activityType = { name: 'saveList' };
    await expect(replay(history)).rejects.toThrow(DeterminismViolationError);
  });
});
