import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { DOMAIN, RUN } from '../lake/layout.ts';
import type { RunRef } from '../workflows/contract.ts';

/** The run whose workflow id (or schedule's id) this is; undefined for lanes, other workflows, and names that no run may have. */
export function nameOf(workflowId: string): RunRef | undefined {
  const [kind, domain = '', run = '', ...more] = workflowId.split('/');
  if (kind !== 'ingest' || more.length > 0 || !DOMAIN.test(domain) || !RUN.test(run)) return undefined;
  return { domain, run };
}

/** Which run a line of the log is about, by the workflow id: `ingest/<domain>/<run>`, or a lane of it. */
export function runAttributes(workflowId: unknown): Record<string, string> {
  if (typeof workflowId !== 'string') return {};
  const [kind, domain, run, phase, input, lane] = workflowId.split('/');
  if (kind !== 'ingest' || domain === undefined || run === undefined || !RUN.test(run)) return {};
  return { domain, run, ...(lane !== undefined && { phase: `${phase}`, lane: `${input}/${lane}` }) };
}

/** What of an activity's input tells its work from that of its neighbours. No content: only numbers and names of inputs. */
export function workAttributes(input: unknown): Record<string, string | number> {
  if (typeof input !== 'object' || input === null) return {};
  const { entry, round, range, shard, list } = input as Record<string, unknown>;
  const { input: name, index } = (entry ?? {}) as { input?: unknown; index?: unknown };
  return {
    ...(typeof name === 'string' && typeof index === 'number' && { partition: `${name}/${index}` }),
    ...Object.fromEntries(
      Object.entries({ round, range, shard, list }).filter(
        (each): each is [string, number] => typeof each[1] === 'number',
      ),
    ),
  };
}

/** Adds both to every line that an activity logs, and that the SDK logs of it. */
export const logAttributes: ActivityInterceptorsFactory = (context) => {
  let work: Record<string, string | number> = {};
  return {
    inbound: {
      execute(input, next) {
        work = workAttributes(input.args[0]);
        return next(input);
      },
    },
    outbound: {
      getLogAttributes: (input, next) => ({
        ...next(input),
        ...runAttributes(context.info.workflowExecution?.workflowId),
        ...work,
      }),
    },
  };
};
