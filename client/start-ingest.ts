import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { BadUsage, SpecConflict } from '../lake/errors.ts';
import { canonicalJson } from '../lake/hash.ts';
import { RUN } from '../lake/layout.ts';
import { type BegunSpec, checkSpec, type FullSpec } from '../lake/spec.ts';
import { type IngestSpec, QUEUES, type RunRef } from '../workflows/contract.ts';
import type { ingestDomain } from '../workflows/index.ts';
import { workflowIdOf } from './run-name.ts';

/**
 * Starts `ingestDomain` for a run, or finds it running with the same spec. A closed run of the same name is taken up again:
 * its pins hold. Throws SpecConflict, BadUsage.
 */
export async function startIngest(
  client: Client,
  spec: IngestSpec | FullSpec | BegunSpec,
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
    const { type, input: started } = await startedWith(client, workflowId);
    if (type !== 'ingestDomain') {
      throw new BadUsage(
        `run ${run.domain}/${run.run} is being replayed; watch it with \`instruct-lake status ${run.domain}/${run.run} --watch\``,
      );
    }
    if (canonicalJson(checkSpec(started)) !== canonicalJson(checkSpec(spec))) {
      throw new SpecConflict(
        `run ${run.domain}/${run.run} is running with another spec; give this one another name with --run NAME`,
      );
    }
    return { run, workflowId, attached: true };
  }
}

/** What a running workflow is, and was started with: the first event of its history. */
async function startedWith(
  client: Client,
  workflowId: string,
): Promise<{ type: string | undefined; input: unknown }> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: 1,
  });
  const started = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
  const input = started?.input?.payloads?.[0];
  return {
    type: started?.workflowType?.name ?? undefined,
    input: input?.data == null ? undefined : JSON.parse(new TextDecoder().decode(input.data)),
  };
}
