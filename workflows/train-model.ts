import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { Trained, TrainInput } from './contract.ts';
import { activities } from './limits.ts';

/**
 * Launches a training job on a run's publication and watches it to its end. The job's name is a hash, so that whoever
 * asks again adopts it; cancelling the workflow cancels the job.
 */
export async function trainModel(input: TrainInput): Promise<Trained> {
  const { domain, run, launcher } = input;
  if (!domain || !run || !launcher) {
    throw ApplicationFailure.create({
      type: 'InvalidSpec',
      nonRetryable: true,
      message: `${workflowInfo().workflowId}: trainModel takes {"domain", "run", "launcher"}`,
    });
  }
  const training = await activities.resolveTraining({ run: { domain, run }, launcher });
  setCurrentDetails(`job ${training.name} of launcher ${launcher}`);
  try {
    await activities.launchTraining(training);
    return await activities.watchTraining(training);
  } catch (error) {
    if (isCancellation(error)) {
      await CancellationScope.nonCancellable(() => activities.cancelTraining(training));
    }
    throw error;
  }
}
