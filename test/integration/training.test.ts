import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { isCancellation } from '@temporalio/workflow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLauncher } from '../../activities/train/command-launcher.ts';
import type { TrainingState } from '../../activities/train/launcher.ts';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { type IngestSpec, QUEUES, type Trained } from '../../workflows/contract.ts';
import type { trainModel } from '../../workflows/index.ts';
import { attemptsOf, failureOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf, putTexts, textSpec } from '../pipeline.ts';

const RUN = { domain: 'trained', run: 'r1' };
/** A shell script as a trainer; `$1` is its input file, `$2` its output folder. */
const shell = (script: string): string[] => ['/bin/sh', '-c', script, 'trainer', '{input}', '{output}'];

let pipeline: Pipeline;
let training: Trained | null;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab(), {
    trainers: {
      endless: shell('echo started; exec tail -f /dev/null'),
      failing: shell('echo step 1; echo "out of memory at step 2" >&2; exit 3'),
    },
  });
  await putTexts(
    pipeline.store,
    `raw/${RUN.domain}/a.parquet`,
    samplePassages().map(({ text }) => text),
  );
  await pipeline.work();
  ({ training } = await pipeline.runIngest(spec('default'), RUN.run));
}, 120_000);
afterAll(() => pipeline?.close());

const spec = (launcher: string): IngestSpec =>
  textSpec(RUN.domain, {
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0 },
    mix: { sources: [{ from: 'raw', weight: 1 }] },
    train: { launcher },
  });

const startTraining = (workflowId: string, input: object) =>
  pipeline.lab.client.workflow.start<typeof trainModel>('trainModel', {
    workflowId,
    taskQueue: QUEUES.workflows,
    args: [input as Parameters<typeof trainModel>[0]],
  });

/** Names of the jobs that a launcher has started. */
const jobsOf = (launcher: string): string[] =>
  readdirSync(join(pipeline.jobs, launcher)).filter((name) => name !== 'shards');

async function stateOf(launcher: string, name: string): Promise<TrainingState> {
  const { command, directory } = pipeline.settings.launchers[launcher] as {
    command: string[];
    directory: string;
  };
  return commandLauncher({ command, directory }).poll(name);
}
/** The newest job of a launcher, once it says that it trains. */
function runningJob(launcher: string, known: readonly string[] = []): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    for (const name of jobsOf(launcher).filter((each) => !known.includes(each))) {
      const state = await stateOf(launcher, name);
      if (state.state === 'running' && state.lastLines.includes('started')) return name;
    }
    return undefined;
  };
  return until(look, { within: 30_000, what: `no job of ${launcher} started`, every: 100 });
}
async function cancelled(result: Promise<unknown>): Promise<boolean> {
  const error: unknown = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof WorkflowFailedError && isCancellation(error.cause);
}

describe('a run that trains', () => {
  test('gives the result of its job, which has read the shards and learnt from them', () => {
    expect(training?.metrics.documents).toBeGreaterThan(15);
    const lines = readFileSync(join(training?.output ?? '', 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const losses = lines.map((line) => (JSON.parse(line) as { heldOutLoss: number }).heldOutLoss);
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    expect(training?.metrics.heldOutLoss).toBe(losses.at(-1));
  });

  test('trains once, whoever asks again: the run itself, or trainModel by hand under any id', async () => {
    const again = await Promise.all([
      pipeline.runIngest(spec('default'), RUN.run).then((result) => result.training),
      startTraining('train/by-hand', { ...RUN, launcher: 'default' }).then((handle) => handle.result()),
    ]);
    expect(again).toEqual([training, training]);
    expect(jobsOf('default')).toEqual([training?.name]);
  });
});

describe('cancelling', () => {
  test('two workflows watch one job; the workflow that is cancelled ends it for both', async () => {
    const handles = await Promise.all(
      ['train/e1', 'train/e2'].map((id) => startTraining(id, { ...RUN, launcher: 'endless' })),
    );
    const name = await runningJob('endless');
    const watching = async (): Promise<true | undefined> => {
      const all = await Promise.all(handles.map((handle) => handle.describe()));
      const types = all.map(({ raw }) => raw.pendingActivities?.[0]?.activityType?.name);
      return types.every((type) => type === 'watchTraining') || undefined;
    };
    await until(watching, { within: 30_000, what: 'nobody watched' });
    expect(jobsOf('endless')).toEqual([name]);

    await handles[0]?.cancel();
    expect(await cancelled(handles[0]?.result() ?? Promise.resolve())).toBe(true);
    expect(await stateOf('endless', name)).toMatchObject({ state: 'failed', cancelled: true });
    const { type, message } = await failureOf(handles[1]?.result() ?? Promise.resolve());
    expect(type).toBe('TrainingFailed');
    expect(message).toContain('was cancelled');
  });

  test('a training that was cancelled can be started again: the next job of the same publication', async () => {
    const known = jobsOf('endless');
    const handle = await startTraining('train/e3', { ...RUN, launcher: 'endless' });
    const name = await runningJob('endless', known);
    expect(known).not.toContain(name);
    await handle.cancel();
    expect(await cancelled(handle.result())).toBe(true);
    expect(await stateOf('endless', name)).toMatchObject({ state: 'failed', cancelled: true });
  });

  test('a run that is cancelled while it trains ends its job, and stays published', async () => {
    const known = jobsOf('endless');
    const handle = await pipeline.start(spec('endless'), 'r2');
    const name = await runningJob('endless', known);
    await handle.cancel();
    expect(await cancelled(handle.result())).toBe(true);
    expect(await stateOf('endless', name)).toMatchObject({ state: 'failed', cancelled: true });
    expect((await publicationOf(pipeline.store, { ...RUN, run: 'r2' })).shards).not.toEqual([]);
  });
});

test('a trainer that fails is a TrainingFailed with its last lines, and is not started again', async () => {
  const handle = await startTraining('train/f1', { ...RUN, launcher: 'failing' });
  const { type, message, nonRetryable } = await failureOf(handle.result());
  expect([type, nonRetryable]).toEqual(['TrainingFailed', true]);
  expect(message).toContain('exited with code 3');
  expect(message).toMatch(/step 1\nout of memory at step 2/);
  expect((await attemptsOf(pipeline.lab.client, 'train/f1')).watchTraining).toEqual([1]);
  expect(jobsOf('failing')).toHaveLength(1);
});

test.each([
  ['no input', {}, 'InvalidSpec'],
  ['a run that is not published', { ...RUN, run: 'r9', launcher: 'default' }, 'RunNotFound'],
  ['a launcher that is not configured', { ...RUN, launcher: 'defualt' }, 'UnknownName'],
])('%s fails at once', async (name, input, expected) => {
  const handle = await startTraining(`train/${name}`, input);
  expect((await failureOf(handle.result())).type).toBe(expected);
});
