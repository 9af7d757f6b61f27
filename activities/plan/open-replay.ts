import { z } from 'zod';
import { InvalidSpec } from '../../lake/errors.ts';
import { type OpenedRun, REPLAY_STAGES, type ReplayInput } from '../../workflows/contract.ts';
import type { Work } from '../work.ts';
import { readGeneration } from './generation.ts';
import { type OpenRunDeps, openRun, runOf } from './open-run.ts';
import { readPins } from './pins.ts';

/** Keys that a replay may name. */
const MOST_KEYS = 10_000;

const schema = z.strictObject({
  domain: z.string(),
  run: z.string(),
  sources: z.union([z.literal('failed'), z.array(z.string().min(1).max(1024)).min(1).max(MOST_KEYS)]),
  from: z.enum(REPLAY_STAGES).exactOptional(),
});

/**
 * Opens a run for a replay: everything is checked as when it was started, by its own spec. What it goes on from is the
 * generation that is published. Throws InvalidSpec, RunNotFound, PinMismatch and what opening a run throws.
 */
export async function openReplay(
  work: Work,
  deps: OpenRunDeps,
  { workflowId, replay }: { workflowId: string; replay: unknown },
): Promise<OpenedRun> {
  const { domain, run, ...request } = parse(replay);
  runOf(workflowId, { domain, run });
  const pins = await readPins(work.store, { domain, run });
  if (pins.from !== undefined) {
    throw new InvalidSpec(
      `run ${domain}/${run} begins on ${domain}/${pins.from.run}: replay that one, and begin anew on it under another name`,
    );
  }
  const opened = await openRun(work, deps, { workflowId, spec: pins.spec });
  const { published: _, ...rest } = opened;
  const before = await readGeneration(work.store, { domain, run });
  if (before === undefined) return rest;
  return {
    ...rest,
    generation: before.generation + 1,
    replay: { before: before.left, without: before.without, request },
  };
}

function parse(value: unknown): ReplayInput {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `  - ${path.join('.') || 'input'}: ${message}`,
  );
  throw new InvalidSpec(
    `the input of replayPartitions is not valid; it takes {"domain", "run", "sources": "failed" or keys, "from"?}:\n${problems.join('\n')}`,
  );
}
