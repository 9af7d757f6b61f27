import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { BadUsage, RunNotFound, TemporalUnavailable } from '../lake/errors.ts';
import type { RunRef } from '../workflows/contract.ts';
import { workflowIdOf } from './run-name.ts';
import { openClient, type Target } from './target.ts';
import { rootFailure } from './view/temporal-state.ts';

/** An update is taken at once; without a worker nobody takes it. */
const UPDATE_MS = 15_000;

/**
 * Sends a run under way an update, and gives what it answers. Throws BadUsage with the run's reason when it refuses,
 * RunNotFound, TemporalUnavailable.
 */
export async function updateRun<T>(target: Target, run: RunRef, update: string, input?: object): Promise<T> {
  const { client, close } = await openClient(target);
  try {
    const handle = client.workflow.getHandle(workflowIdOf(run));
    return await client.withDeadline(Date.now() + UPDATE_MS, () =>
      input === undefined
        ? handle.executeUpdate<T, []>(update)
        : handle.executeUpdate<T, [object]>(update, { args: [input] }),
    );
  } catch (error) {
    const name = `${run.domain}/${run.run}`;
    if (error instanceof WorkflowUpdateFailedError) throw new BadUsage(rootFailure(error).message);
    if (error instanceof WorkflowNotFoundError) {
      throw new RunNotFound(`no run ${name} is under way in namespace ${target.namespace} of ${target.said}`);
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new TemporalUnavailable(
        `nobody took the update of ${name} within ${UPDATE_MS / 1000} s; is a worker running? (\`instruct-lake doctor\` looks)`,
      );
    }
    if (!(error instanceof ServiceError)) throw error;
    const why = isGrpcServiceError(error.cause) ? error.cause.details : error.message;
    throw new TemporalUnavailable(`Temporal does not answer: ${why}`, {}, { cause: error });
  } finally {
    await close();
  }
}
