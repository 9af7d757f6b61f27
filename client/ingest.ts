import { refuseOtherSpec } from '../activities/plan/pins.ts';
import { checkSpec, type FullSpec, isBegun } from '../lake/spec.ts';
import type { RunRef } from '../workflows/contract.ts';
import { EXIT } from './exit.ts';
import { print } from './print.ts';
import { readSpecFile } from './spec-file.ts';
import { startIngest } from './start-ingest.ts';
import { openClient, resolveTarget, type Target, type TargetFlags, withLake } from './target.ts';

/** `ingest`: checks the spec here as well, starts the workflow, says where it can be seen, and watches it if asked. */
export async function ingest(
  file: string,
  options: TargetFlags & { run?: string; watch?: boolean; json?: boolean },
  note: (line: string) => void,
): Promise<number> {
  const spec = checkSpec(await readSpecFile(file));
  const target = await resolveTarget(options);
  note(`Using ${target.said}.`);
  const name = options.run ?? new Date().toISOString().slice(0, 10);
  if (!isBegun(spec)) await checkLake(target, { domain: spec.domain, run: name }, spec);
  const { client, close } = await openClient(target);
  try {
    const { run, workflowId, attached } = await startIngest(client, spec, name);
    const ui =
      target.ui === undefined
        ? undefined
        : `${target.ui}/namespaces/${target.namespace}/workflows/${encodeURIComponent(workflowId)}`;
    note(`${attached ? 'Running already' : 'Started'}: ${workflowId}`);
    if (ui !== undefined) note(`Temporal UI: ${ui}`);
    note(
      `The same with Temporal's own command:\n  temporal workflow start --address ${target.connection.address} --namespace ${target.namespace} --type ingestDomain --task-queue instruct-lake --workflow-id ${workflowId} --id-conflict-policy Fail --fail-existing --input-file ${file}`,
    );
    if (!options.watch) {
      if (options.json)
        print(JSON.stringify({ ...run, workflowId, attached, ...(ui === undefined ? {} : { ui }) }));
      else note(`Watch it with: instruct-lake status ${run.domain}/${run.run} --watch`);
      return EXIT.done;
    }
    const { watchRun } = await import('./view/watch.ts');
    const { exitOfState } = await import('./view/run-state.ts');
    return exitOfState(await watchRun(target, run, { json: options.json === true }));
  } finally {
    await close();
  }
}

/**
 * Looks for a conflict before anything is started, so that a good run is not overshadowed by a refused start. A lake is
 * needed, except where a Temporal server was named on purpose: then its worker finds out.
 */
async function checkLake(target: Target, run: RunRef, spec: FullSpec): Promise<void> {
  if (target.lake === undefined && target.chosen) return;
  await withLake(target, (store) => refuseOtherSpec(store, run, spec));
}
