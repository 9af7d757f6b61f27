import type { JudgeFigures } from '../../activities/judge/figures.ts';
import type { Ledger } from '../../activities/publish/ledger.ts';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { LakeError, RunNotFound } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type {
  EndpointLoad,
  Failures,
  Mode,
  ObjectRef,
  Parked,
  Phase,
  RunRef,
  Trained,
  WaitingFor,
} from '../../workflows/contract.ts';
import { EXIT, exitCodeOf } from '../exit.ts';
import { workflowIdOf } from '../run-name.ts';
import type { Standing } from '../standing.ts';
import { openClient, openLake, type Target } from '../target.ts';
import { countsOfManifest, type LakeRecord, readLakeRecord } from './lake-record.ts';
import { readExecution } from './temporal-state.ts';

/** As many as the query `failures` gives. */
const FAILURES_SHOWN = 100;

/** `unfinished`: the lake has its pins, it is not published, and Temporal knows nothing of it. */
export type RunStatus =
  | 'running'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'terminated'
  | 'timedOut'
  | 'unfinished';

/** What keeps activities waiting: one entry for all that failed the same way. */
export interface Waiting {
  activity: string;
  /** The highest attempt among them. */
  attempt: number;
  type: string;
  message: string;
  activities: number;
}

/** All that is known of a run, from Temporal and from the lake. */
export interface RunState extends RunRef {
  workflowId: string;
  status: RunStatus;
  /** Who knows the run: the lake alone, once Temporal's retention is over. */
  source: 'temporal' | 'lake';
  phase: Phase | null;
  /** Units of the phase: partitions, ranges or shards. */
  done: number;
  total: number;
  counts: Record<string, number>;
  model: string | null;
  /** What its spec says; null where that is not known. */
  mode: Mode | null;
  /** In the log of its domain; null where that does not name it, or is not known. */
  standing: Standing | null;
  /** The run that holds the domain, for which this one waits. */
  waitingFor: WaitingFor | null;
  /** What a running run waits for a person to decide. */
  parked: Parked | null;
  /** It starts nothing new until it is resumed. */
  paused: boolean;
  /** Requests in flight at most, over all workers. */
  concurrency: number | null;
  /** Part of the slots that the spec converts; null where it is not known. */
  share: number | null;
  /** Whether a training job belongs to the run; null where it is not known. */
  trains: boolean | null;
  waiting: Waiting[];
  /** How busy the endpoints are that rounds under way ask, over all their workers. */
  endpoints: EndpointLoad[];
  failures: Failures;
  /** Why the workflow failed. */
  failure: { type: string; message: string } | null;
  /** ISO 8601, by Temporal's clock. */
  startedAt: string | null;
  closedAt: string | null;
  training: Trained | null;
  publication: ObjectRef | null;
  manifest: ManifestCore | null;
  judge: JudgeFigures | null;
  /** What a published run took of its endpoint. */
  ledger: Ledger | null;
  /** What could not be asked, and why. */
  notes: string[];
  /** The watcher stopped before the run did. */
  interrupted?: true;
}

export interface RunReader {
  /** Throws RunNotFound, TemporalUnavailable, or what the lake throws where it alone can answer. */
  read(): Promise<RunState>;
  close(): Promise<void>;
}

/** Reads one run again and again over one connection. Throws TemporalUnavailable. */
export async function openRunReader(target: Target, run: RunRef): Promise<RunReader> {
  const { client, close } = await openClient(target);
  const lake = target.lake === undefined ? undefined : openLake(target);
  // The pins of a run do not change, and a publication is read when the run is over: once is enough.
  let pinned: LakeRecord | undefined;

  async function read(): Promise<RunState> {
    const state: RunState = blank(run);
    const known = await readExecution(client, state);
    if (!known) return fromLake(state, lake, target);
    const closed = state.status !== 'running';
    if (closed || pinned === undefined) pinned = (await ask(state, lake)) ?? pinned;
    if (pinned !== undefined) addRecord(state, pinned);
    return state;
  }
  return {
    read,
    async close() {
      lake?.close();
      await close();
    },
  };
}

/** What is known of a run now. Throws RunNotFound, TemporalUnavailable, or what the lake throws where it alone can answer. */
export async function readRunState(target: Target, run: RunRef): Promise<RunState> {
  const reader = await openRunReader(target, run);
  try {
    return await reader.read();
  } finally {
    await reader.close();
  }
}

/** The exit code that a state of a run means. */
export function exitOfState({ status, failure, failures, manifest, interrupted }: RunState): number {
  if (interrupted) return EXIT.interrupted;
  if (status === 'running') return EXIT.done;
  if (status !== 'completed') return exitCodeOf(failure?.type ?? '');
  const failed = Math.max(failures.total, failures.sources.length, manifest?.failedSources.length ?? 0);
  return failed > 0 ? EXIT.withFailures : EXIT.done;
}

/** Whether an incremental run has ended because there was nothing that its domain did not have. */
export function foundNothing({ mode, status, publication, standing }: RunState): boolean {
  const nothing = mode === 'incremental' && publication === null && standing !== 'retracted';
  return status === 'completed' && nothing;
}

/** A run of which nothing is known yet. */
export function blank(run: RunRef): RunState {
  return {
    ...run,
    workflowId: workflowIdOf(run),
    status: 'running',
    source: 'temporal',
    phase: null,
    done: 0,
    total: 0,
    counts: {},
    model: null,
    mode: null,
    standing: null,
    waitingFor: null,
    parked: null,
    paused: false,
    concurrency: null,
    share: null,
    trains: null,
    waiting: [],
    endpoints: [],
    failures: { total: 0, sources: [] },
    failure: null,
    startedAt: null,
    closedAt: null,
    training: null,
    publication: null,
    manifest: null,
    judge: null,
    ledger: null,
    notes: [],
  };
}

/** Temporal answered already, so what the lake cannot say is a note and not an error. */
async function ask(state: RunState, lake: ObjectStore | undefined): Promise<LakeRecord | undefined> {
  if (lake === undefined) {
    if (state.status !== 'running') state.notes.push('name the lake with --bucket to see what was published');
    return undefined;
  }
  try {
    return await readLakeRecord(lake, state);
  } catch (error) {
    if (!(error instanceof LakeError)) throw error;
    state.notes.push(`the lake does not answer: ${error.message}`);
    return undefined;
  }
}

async function fromLake(
  state: RunState,
  lake: ObjectStore | undefined,
  { said, namespace }: Target,
): Promise<RunState> {
  const nowhere = `namespace ${namespace} of ${said} knows no run ${state.domain}/${state.run}`;
  if (lake === undefined) {
    throw new RunNotFound(
      `${nowhere}; a run that closed long ago is known to its lake alone: name that with --bucket`,
    );
  }
  const record = await readLakeRecord(lake, state);
  if (record === undefined) {
    throw new RunNotFound(`${nowhere}, and neither does its lake; check the name, or start it with ingest`);
  }
  const published = record.manifest !== null;
  Object.assign(state, {
    source: 'lake',
    status: published ? 'completed' : 'unfinished',
    phase: published ? 'done' : null,
    done: published ? 1 : 0,
    total: published ? 1 : 0,
  } satisfies Partial<RunState>);
  addRecord(state, record);
  return state;
}

function addRecord(
  state: RunState,
  { model, mode, standing, trains, share, publication, manifest, judge, ledger }: LakeRecord,
): void {
  state.model ??= model;
  state.mode = mode;
  state.standing = standing;
  state.trains = trains;
  state.share = share;
  state.publication = publication;
  state.manifest = manifest;
  state.judge = judge;
  state.ledger = ledger;
  if (standing === 'open' && state.status !== 'running') {
    const { domain, run } = state;
    state.notes.push(
      `it still holds domain ${domain}, for which others wait: start it again, or let go with \`instruct-lake abandon ${domain}/${run}\``,
    );
  }
  if (manifest === null || state.status === 'running') return;
  state.counts = { ...countsOfManifest(manifest), ...state.counts };
  // Without a worker, or after retention, nobody but the manifest tells which sources failed.
  if (state.status === 'completed' && state.failures.sources.length === 0) {
    const sources = manifest.failedSources.slice(0, FAILURES_SHOWN);
    state.failures = {
      total: manifest.failedSources.length,
      sources: sources.map((each) => ({ ...each, message: 'its scan in the lake says why' })),
    };
  }
}
