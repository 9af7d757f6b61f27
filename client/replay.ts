import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { readPins } from '../activities/plan/pins.ts';
import { BadUsage } from '../lake/errors.ts';
import { QUEUES, type ReplayInput, type ReplayRequest, type RunRef } from '../workflows/contract.ts';
import type { replayPartitions } from '../workflows/index.ts';
import { EXIT } from './exit.ts';
import { print } from './print.ts';
import { workflowIdOf } from './run-name.ts';
import { openClient, resolveTarget, type TargetFlags, withLake } from './target.ts';
import { updateRun } from './update-run.ts';

/**
 * `replay`: starts `replayPartitions` for a run that has ended. One that is under way, parked for instance, is told to
 * replay what has failed in place. Throws RunNotFound, BadUsage, and what a run under way says against it.
 */
export async function replay(
  run: RunRef,
  request: ReplayRequest,
  options: TargetFlags & { watch?: boolean; json?: boolean },
  note: (line: string) => void,
): Promise<number> {
  const target = await resolveTarget(options);
  note(`Using ${target.said}.`);
  // A lake is needed, except where a Temporal server was named on purpose: then its worker finds out.
  if (target.lake !== undefined || !target.chosen) await withLake(target, (store) => readPins(store, run));
  const named = `${run.domain}/${run.run}`;
  const workflowId = workflowIdOf(run);
  const { client, close } = await openClient(target);
  try {
    const started = await startReplay(client, { ...run, ...request });
    if (started) note(`Started: the replay of ${named} (${workflowId})`);
    else {
      if (request.sources !== 'failed' || request.from !== undefined) {
        throw new BadUsage(
          `run ${named} is under way: it can replay what has failed so far (\`instruct-lake replay ${named}\`), and nothing else until it has ended`,
        );
      }
      const { failed } = await updateRun<{ failed: number }>(target, run, 'replayFailed');
      note(
        `${named} is under way. It reads its failed sources (${failed} so far) again before its next phase.`,
      );
    }
    if (!options.watch) {
      if (options.json) print(JSON.stringify({ ...run, workflowId, inPlace: !started }));
      else note(`Watch it with: instruct-lake status ${named} --watch`);
      return EXIT.done;
    }
    const { watchRun } = await import('./view/watch.ts');
    const { exitOfState } = await import('./view/run-state.ts');
    return exitOfState(await watchRun(target, run, { json: options.json === true }));
  } finally {
    await close();
  }
}

/** Starts `replayPartitions`; false when the run is under way. */
async function startReplay(client: Client, input: ReplayInput): Promise<boolean> {
  try {
    await client.workflow.start<typeof replayPartitions>('replayPartitions', {
      workflowId: workflowIdOf(input),
      taskQueue: QUEUES.workflows,
      args: [input],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
