import { LakeError } from '../../lake/errors.ts';
import type { FailedSource, Phase, RunRef } from '../../workflows/contract.ts';
import { replayCommand } from '../replay-command.ts';
import { openLake, type Target } from '../target.ts';
import { type RunStatus, readRunState, type Waiting } from '../view/run-state.ts';
import { type LakeFailure, lakeFailures } from './lake-failures.ts';

/** A source that a run is without, all that is known of it, and the command that replays it. */
export interface SourceFailed {
  key: string;
  type: string;
  message: string;
  /** Null where nobody could be asked who knows: so for the others. */
  phase: Phase | null;
  /** ISO 8601. */
  since: string | null;
  /** How often it was tried, replays counted. */
  attempts: number | null;
  replay: string;
}
export interface RunFailures extends RunRef {
  status: RunStatus;
  /** It waits for a decision. */
  parked: boolean;
  /** How many sources failed; `sources` may hold fewer where the lake could not be asked. */
  total: number;
  sources: SourceFailed[];
  /** What is being tried again now. */
  retrying: Waiting[];
  /** Replays all of them. */
  replay: string;
  notes: string[];
}

/**
 * The failed sources of a run from Temporal, which tells a hundred of one that it knows, and from the lake, which has all of
 * them, however the run ended and however long ago. Throws RunNotFound, TemporalUnavailable, or what the lake throws where it alone
 * can answer.
 */
export async function readRunFailures(target: Target, run: RunRef): Promise<RunFailures> {
  const state = await readRunState(target, run);
  const notes = [...state.notes];
  const store = target.lake === undefined ? undefined : openLake(target);
  let inLake: LakeFailure[] = [];
  try {
    if (store !== undefined) inLake = await lakeFailures(store, run);
  } catch (error) {
    if (!(error instanceof LakeError) || state.source === 'lake') throw error;
    notes.push(`the lake does not answer: ${error.message}`);
  } finally {
    store?.close();
  }
  // Of a run from the lake alone they are from its manifest, which has no reasons.
  const told = state.source === 'lake' ? [] : state.failures.sources;
  const sources = merged(told, inLake).map((each) => ({ ...each, replay: replayCommand(run, each.key) }));
  const { domain, status, parked, failures, waiting: retrying } = state;
  const total = Math.max(failures.total, sources.length);
  if (total > sources.length && target.lake === undefined && !notes.some((note) => note.includes('--bucket')))
    notes.push('Temporal tells the first hundred; name the lake with --bucket to see all');
  return {
    domain,
    run: run.run,
    status,
    parked: parked !== null,
    total,
    sources,
    retrying,
    replay: replayCommand(run),
    notes,
  };
}

/** One entry for each key, in the order of keys. What the run says comes first, but for how long the lake has known it. */
export function merged(
  told: readonly FailedSource[],
  inLake: readonly LakeFailure[],
): Omit<SourceFailed, 'replay'>[] {
  const all = new Map<string, Omit<SourceFailed, 'replay'>>(inLake.map((each) => [each.key, each]));
  for (const { key, type, message, phase, since } of told) {
    const known = all.get(key);
    const times = [known?.since, since].filter((time) => typeof time === 'string').sort();
    all.set(key, {
      key,
      type,
      message: known !== undefined && phase === undefined ? known.message : message,
      phase: phase ?? known?.phase ?? null,
      since: times[0] ?? null,
      attempts: known?.attempts ?? null,
    });
  }
  return [...all.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
