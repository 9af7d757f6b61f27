import { ApplicationFailure, executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { FromSpec, IngestResult, Reason, RemixResult, RemixSpec } from './contract.ts';
import { causeOf } from './failure.ts';
import { ingestDomain } from './ingest-domain.ts';
import { inParallel } from './pool.ts';

/** Mixes that are made at once: each has a lane for every 250 partitions of its own. */
const IN_FLIGHT = 4;

/**
 * New shards from the documents of a published run or of several, in one mix or in one for each share: a run each, `<name>` or `<name>-<share>`, which
 * is published by itself. Nothing is synthesized, templated or tokenized. The workflow's id is `remix/<domain>/<name>`. Fails once all
 * have ended when any has failed; those that are published stay.
 */
export async function remix({ shares, from, ...spec }: RemixSpec): Promise<RemixResult> {
  const { workflowId } = workflowInfo();
  const [, domain, name] = /^remix\/([^/]+)\/(.+)$/s.exec(workflowId) ?? [];
  if (name === undefined || domain !== spec.domain) {
    throw ApplicationFailure.nonRetryable(
      `the workflow id is ${JSON.stringify(workflowId)}; it must be remix/<domain>/<name>, with the domain of the spec`,
      'InvalidSpec',
    );
  }
  const twice = shares?.find((share, i) => shares.indexOf(share) < i);
  if (twice !== undefined) {
    throw ApplicationFailure.nonRetryable(`shares: ${twice} stands there more than once`, 'InvalidSpec');
  }
  const runs = (shares ?? [undefined]).map((share): { run: string; spec: FromSpec } => ({
    run: share === undefined ? name : `${name}-${share}`,
    spec: {
      ...spec,
      from: { ...from, stage: 'mix' },
      ...(share !== undefined && { mix: { ...spec.mix, share } }),
    },
  }));
  const made: IngestResult[] = [];
  const failed: Reason[] = [];
  await inParallel(runs.length, IN_FLIGHT, async (i) => {
    const { run, spec } = runs[i] as (typeof runs)[number];
    try {
      made[i] = await executeChild(ingestDomain, { workflowId: `ingest/${domain}/${run}`, args: [spec] });
    } catch (error) {
      if (isCancellation(error)) throw error;
      const { type, message } = causeOf(error);
      failed.push({ type, message: `${domain}/${run}: ${message}` });
    }
  });
  const [first] = failed;
  if (first !== undefined) {
    throw ApplicationFailure.nonRetryable(failed.map(({ message }) => message).join('\n'), first.type);
  }
  return { runs: made };
}
