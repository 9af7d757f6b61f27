import { register } from 'node:module';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { CPU_STAGES } from '../../activities/cpu-stages.ts';
import { createActivities } from '../../activities/index.ts';
import type { Services } from '../../activities/services.ts';
import type { Settings } from '../../activities/settings.ts';
import { openS3 } from '../../lake/s3.ts';
import type {
  Activities,
  Done,
  IngestResult,
  IngestSpec,
  ReplayRequest,
  RunRef,
} from '../../workflows/contract.ts';

/**
 * A whole run (or a replay of one) in this process and without a Temporal server: the same workflow code, the same activities, real store
 * and endpoint. A worker that dies costs no heartbeat time-out this way, so that it can be killed at every write; what is
 * not here (retries, time-outs, histories) is shown with Temporal elsewhere.
 */
export async function runWithoutTemporal(
  settings: Settings,
  run: RunRef,
  spec: IngestSpec,
  replay?: ReplayRequest,
): Promise<IngestResult> {
  register('./stand-in-hooks.mjs', import.meta.url);
  const { runWorkflow } = await import('./workflow-stand-in.ts');
  const { ingestDomain } = await import('../../workflows/ingest-domain.ts');
  const { replayPartitions } = await import('../../workflows/replay-partitions.ts');
  const store = openS3(settings.lake);
  const services: Services = { store, settings, checkCancelled: () => {} };
  const implementations = createActivities({
    settings,
    searchAttributes: false,
    runInThread(stage, input) {
      const work = CPU_STAGES[stage] as (services: Services, input: unknown) => Promise<Done>;
      return work(services, input);
    },
  });
  const context = {
    cancellationSignal: new AbortController().signal,
    heartbeat: () => {},
    info: { attempt: 1 },
  };
  const activities = Object.fromEntries(
    Object.entries(implementations).map(([name, activity]) => [
      name,
      (input: never) => asyncLocalStorage.run(context as unknown as Context, () => activity(input)),
    ]),
  ) as unknown as Activities;
  try {
    const workflowId = `ingest/${run.domain}/${run.run}`;
    return await runWorkflow({ workflowId, activities }, () =>
      replay === undefined ? ingestDomain(spec) : replayPartitions({ ...run, ...replay }),
    );
  } finally {
    await implementations.close();
    store.close();
  }
}
