import { BadUsage, TemporalUnavailable } from '../lake/errors.ts';
import { append, readHead, withClose } from '../lake/log.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { RunRef } from '../workflows/contract.ts';
import { workflowIdOf } from './run-name.ts';
import { openClient, type Target } from './target.ts';
import { describe } from './view/temporal-state.ts';

/** What Temporal knew of a run that was abandoned: how its workflow ended, or that it could not be asked. */
export type Asked = 'closed' | 'unknown' | 'not asked';

/**
 * Closes the domain that a run has left open whose workflow was terminated. Throws BadUsage when it holds nothing, or
 * when its workflow runs; and TemporalUnavailable where that cannot be asked, unless `force` says that it does not. With
 * `dryRun` all of that is looked at, and nothing closed.
 */
export async function abandonRun(
  target: Target,
  store: ObjectStore,
  run: RunRef,
  force: boolean,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<{ asked: Asked }> {
  const { open } = (await readHead(store, run.domain)).entry;
  if (open === null || open.run !== run.run) {
    const now = open === null ? 'nobody does' : `${run.domain}/${open.run} does`;
    throw new BadUsage(
      `${run.domain}/${run.run} does not hold its domain (${now}), so there is nothing to close`,
    );
  }
  const asked = await ask(target, run, force);
  if (!dryRun) await append(store, run.domain, (state) => withClose(state, open));
  return { asked };
}

async function ask(target: Target, run: RunRef, force: boolean): Promise<Asked> {
  const workflowId = workflowIdOf(run);
  try {
    const { client, close } = await openClient(target);
    try {
      const described = await describe(client, workflowId);
      if (described === undefined) return 'unknown';
      if (described.status.name !== 'RUNNING') return 'closed';
    } finally {
      await close();
    }
  } catch (error) {
    if (!(error instanceof TemporalUnavailable)) throw error;
    if (force) return 'not asked';
    throw new TemporalUnavailable(
      `${error.reason}; whether ${workflowId} runs cannot be asked. Where you know that it does not, say --force`,
      {},
      { cause: error },
    );
  }
  throw new BadUsage(
    `the workflow of ${run.domain}/${run.run} runs, and closes its domain itself when it ends; to end it: temporal workflow cancel --workflow-id ${workflowId}`,
  );
}
