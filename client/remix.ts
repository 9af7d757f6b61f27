import { WorkflowFailedError, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/client';
import { findPins } from '../activities/plan/pins.ts';
import { BadUsage, SpecConflict } from '../lake/errors.ts';
import { RUN } from '../lake/layout.ts';
import { printable } from '../lake/printable.ts';
import { checkSpec } from '../lake/spec.ts';
import { QUEUES, type RemixSpec, type RunRef } from '../workflows/contract.ts';
import type { remix as remixWorkflow } from '../workflows/index.ts';
import { EXIT, exitCodeOf } from './exit.ts';
import { print } from './print.ts';
import { readSpecFile } from './spec-file.ts';
import { openClient, resolveTarget, type Target, type TargetFlags, withLake } from './target.ts';
import { rootFailure } from './view/temporal-state.ts';

interface RemixOptions extends TargetFlags {
  to: string;
  shares?: number[];
  file?: string;
  wait?: boolean;
  json?: boolean;
}

/** `remix` of one run or of several of a domain: starts the workflow, or finds it running; and waits for it if asked. Throws InvalidSpec, BadUsage. */
export async function remix(
  runs: readonly RunRef[],
  options: RemixOptions,
  note: (line: string) => void,
): Promise<number> {
  const { to, shares } = options;
  const [{ domain, run }, ...others] = runs as [RunRef, ...RunRef[]];
  const from = { run, ...(others.length > 0 && { also: others.map((each) => each.run) }) };
  const given = options.file === undefined ? {} : ((await readSpecFile(options.file)) as Partial<RemixSpec>);
  const spec: RemixSpec = { ...given, domain, from, ...(shares && { shares }) };
  const names = spec.shares === undefined ? [to] : spec.shares.map((share) => `${to}-${share}`);
  for (const name of names) {
    if (!RUN.test(name)) {
      throw new BadUsage(`${JSON.stringify(name)} is not a name for a run ([A-Za-z0-9._:-], 80 at most)`);
    }
  }
  const { shares: _, ...rest } = spec;
  checkSpec({ ...rest, from: { ...from, stage: 'mix' } });
  const target = await resolveTarget(options);
  note(`Using ${target.said}.`);
  if (target.lake !== undefined)
    await refuseOthers(
      target,
      from,
      names.map((name) => ({ domain, run: name })),
    );
  const { client, close } = await openClient(target);
  try {
    const workflowId = `remix/${domain}/${to}`;
    const handle = await client.workflow.start<typeof remixWorkflow>('remix', {
      workflowId,
      taskQueue: QUEUES.workflows,
      args: [spec],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    });
    note(`Started: ${workflowId}`);
    if (!options.wait) {
      if (options.json) print(JSON.stringify({ domain, workflowId, runs: names }));
      else for (const name of names) note(`Watch it with: instruct-lake status ${domain}/${name} --watch`);
      return EXIT.done;
    }
    const ended = await handle.result().catch((error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return rootFailure(error);
    });
    if (!('runs' in ended)) {
      note(printable(ended.message));
      if (options.json) print(JSON.stringify({ error: { name: ended.type, message: ended.message } }));
      return exitCodeOf(ended.type);
    }
    const { runs: made } = ended;
    if (options.json) print(JSON.stringify({ domain, workflowId, runs: made }));
    for (const { run: name, counts } of options.json ? [] : made) {
      print(
        `${domain}/${name}: ${counts.publishedDocuments ?? 0} documents, ${counts.publishedTokens ?? 0} tokens`,
      );
    }
    return EXIT.done;
  } finally {
    await close();
  }
}

/** Before anything starts: a refused start would stand before a good run in Temporal. */
async function refuseOthers(target: Target, from: RemixSpec['from'], runs: readonly RunRef[]): Promise<void> {
  await withLake(target, async (store) => {
    for (const run of runs) {
      const pins = await findPins(store, run);
      if (pins === undefined || (pins.from?.run === from.run && pins.from.stage === 'mix')) continue;
      throw new SpecConflict(
        `run ${run.domain}/${run.run} exists already and is no mix of ${run.domain}/${from.run}; give this one another name with --to`,
      );
    }
  });
}
