import { workflowInfo } from '@temporalio/workflow';
import type { FromSpec, IngestResult, IngestSpec, PairsSpec } from './contract.ts';
import { type Carried, openIngest } from './ingest-state.ts';
import { activities } from './limits.ts';
import { produce } from './produce.ts';

/**
 * A domain's partitions → deduplicated texts → rounds of pairs → documents → a mix → shards → (training). People give the
 * spec alone; what a long run carries from one execution into the next stands behind it.
 */
export async function ingestDomain(
  spec: IngestSpec | FromSpec | PairsSpec,
  carried: Carried = {},
): Promise<IngestResult> {
  const { workflowId } = workflowInfo();
  return produce(await openIngest(spec, carried, () => activities.openRun({ workflowId, spec })));
}
