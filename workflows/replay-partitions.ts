import { workflowInfo } from '@temporalio/workflow';
import type { IngestResult, ReplayInput } from './contract.ts';
import { type Carried, openIngest } from './ingest-state.ts';
import { activities } from './limits.ts';
import { produce } from './produce.ts';

/**
 * Runs sources of a run again and then what depends on them, under the run's own workflow id, which lets nobody else work on
 * it meanwhile: its next generation, which takes the place of the one before when it is published. A run that has published
 * nothing goes on as if it had been started again.
 */
export async function replayPartitions(input: ReplayInput, carried: Carried = {}): Promise<IngestResult> {
  const { workflowId } = workflowInfo();
  return produce(
    await openIngest(input, carried, () => activities.openReplay({ workflowId, replay: input })),
  );
}
