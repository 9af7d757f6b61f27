import {
  isGrpcServiceError,
  ServiceError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { BadUsage, RunNotFound, TemporalUnavailable } from '../lake/errors.ts';
import type { Decision, Parked, RunRef } from '../workflows/contract.ts';
import { workflowIdOf } from './run-name.ts';
import { openClient, type Target } from './target.ts';
import { rootFailure } from './view/temporal-state.ts';

/** A decision is taken at once; without a worker nobody takes it. */
const UPDATE_MS = 15_000;

/**
 * Sends a parked run the decision that lets it go on, and gives what it was parked for. Throws BadUsage when the run is not
 * parked or something else ends it, RunNotFound, TemporalUnavailable.
 */
export async function decide(target: Target, run: RunRef, decision: Decision): Promise<Parked> {
  const { client, close } = await openClient(target);
  try {
    const handle = client.workflow.getHandle(workflowIdOf(run));
    return await client.withDeadline(Date.now() + UPDATE_MS, () =>
      handle.executeUpdate<Parked, []>(decision),
    );
  } catch (error) {
    const name = `${run.domain}/${run.run}`;
    if (error instanceof WorkflowUpdateFailedError) throw new BadUsage(rootFailure(error).message);
    if (error instanceof WorkflowNotFoundError) {
      throw new RunNotFound(`no run ${name} is under way in namespace ${target.namespace} of ${target.said}`);
    }
    if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
      throw new TemporalUnavailable(
        `nobody took the decision for ${name} within ${UPDATE_MS / 1000} s; is a worker running? (\`instruct-lake doctor\` looks)`,
      );
    }
    if (!(error instanceof ServiceError)) throw error;
    const why = isGrpcServiceError(error.cause) ? error.cause.details : error.message;
    throw new TemporalUnavailable(`Temporal does not answer: ${why}`, {}, { cause: error });
  } finally {
    await close();
  }
}
