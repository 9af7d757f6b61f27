import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { BadUsage } from '../lake/errors.ts';
import { RUN } from '../lake/layout.ts';
import type { FullSpec } from '../lake/spec.ts';
import { type IngestSpec, QUEUES, type RunRef } from '../workflows/contract.ts';
import type { ingestDomain } from '../workflows/index.ts';
import { workflowIdOf } from './run-name.ts';

/** Starts `ingestDomain` for a run, or finds it running. A closed run of the same name is taken up again: its pins hold. */
export async function startIngest(
  client: Client,
  spec: IngestSpec | FullSpec,
  runName: string,
): Promise<{ run: RunRef; workflowId: string; attached: boolean }> {
  if (!RUN.test(runName))
    throw new BadUsage(`${JSON.stringify(runName)} is not a name for a run ([A-Za-z0-9._:-], 80 at most)`);
  const run = { domain: spec.domain, run: runName };
  const workflowId = workflowIdOf(run);
  try {
    await client.workflow.start<typeof ingestDomain>('ingestDomain', {
      workflowId,
      taskQueue: QUEUES.workflows,
      args: [spec as IngestSpec],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    });
    return { run, workflowId, attached: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return { run, workflowId, attached: true };
  }
}
