import { defineSearchAttributeKey } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  defineQuery,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  Control,
  Decision,
  Failures,
  Generation,
  OpenedRun,
  Phase,
  Progress,
  Replaying,
  Results,
  WaitingFor,
} from './contract.ts';
import { type FailedSources, failedInAll, plannedFailures } from './failed-sources.ts';
import { openMeasures } from './measures.ts';
import { openParking, type Parking } from './parking.ts';
import { addCounts } from './pool.ts';
import { openSteering, type Steering } from './steering.ts';

/** Events of a history at which a run goes on in a new execution; the server's own limits are at some 50,000. */
const HISTORY_EVENTS = 10_000;

/** How often a run asks for a domain that another one holds. */
const ASK_AGAIN_MS = 60_000;

const ATTRIBUTES = {
  domain: defineSearchAttributeKey('Domain', 'KEYWORD'),
  run: defineSearchAttributeKey('Run', 'KEYWORD'),
  phase: defineSearchAttributeKey('Phase', 'KEYWORD'),
  failed: defineSearchAttributeKey('FailedPartitions', 'INT'),
};

/** All that a run knows between two phases: what it takes along into its next execution. */
export interface Carried {
  opened?: OpenedRun;
  results?: Partial<Results>;
  counts?: Record<string, number>;
  failures?: FailedSources;
  control?: Control;
  waiting?: WaitingFor | null;
  /** What is replayed; of an execution that has been asked for it in place, or was started for it. */
  replay?: Replaying;
  /** Somebody has asked for a replay of what has failed; it begins before the next phase. */
  replayAsked?: true;
  /** Events at which it goes on in a new execution. Tests alone set it, as `{"historyEvents": 1}` behind the spec. */
  historyEvents?: number;
  /** Milliseconds after which it asks again for a domain that is taken. Tests alone set it, too. */
  askAgainMs?: number;
}

/** A run under way: what its queries answer, where it parks, how it is steered, and what its phases have left. */
export interface IngestState {
  readonly opened: OpenedRun;
  readonly progress: Progress;
  readonly counts: Record<string, number>;
  readonly failures: FailedSources;
  readonly lanes: Set<string>;
  readonly parking: Parking;
  readonly steering: Steering;
  /** What sources have failed is known anew. */
  setFailures(failures: FailedSources): void;
  /** Says for whom the run waits, until it says null. */
  waitFor(by: string | null): void;
  /** What is replayed, where something is. */
  readonly replay: Replaying | undefined;
  /** Throws ReplayAsked where somebody has asked for a replay of what has failed so far. */
  replayIfAsked(): void;
  /** Begins anew with the plan: of a replay, or as if it had just been started where nothing has been read yet. */
  beginReplay(before: Generation): void;
  readonly askAgainMs: number;
  /** Goes on in a new execution when the history has become long. */
  goOnAnew(): Promise<void>;
  enter(phase: Phase, total: number): void;
  /** Adds counts of an activity or a lane. */
  count(more: Record<string, number>): void;
  /** The result of a phase: as an earlier execution left it, or by its work, after which the run may go on in a new one. */
  phase<P extends keyof Results>(name: P, work: () => Promise<Results[P]>): Promise<Results[P]>;
}

/** Ends the work of a run between two phases: it begins anew with the sources that failed read again. */
export class ReplayAsked extends Error {
  readonly before: Generation;
  constructor(before: Generation) {
    super('the failed sources are replayed');
    this.before = before;
  }
}

/** Sets the handlers of a run and opens it, or takes up what its execution before has carried along. */
export async function openIngest(
  spec: unknown,
  carried: Carried,
  open: () => Promise<OpenedRun>,
): Promise<IngestState> {
  const { workflowId } = workflowInfo();
  let results: Partial<Results> = { ...carried.results };
  const counts: Record<string, number> = { ...carried.counts };
  const lanes = new Set<string>();
  const progress: Progress = {
    phase: 'open',
    done: 0,
    total: 0,
    counts,
    lanes: [],
    parked: null,
    waiting: carried.waiting ?? null,
    paused: false,
    concurrency: null,
  };
  let failures = carried.failures ?? plannedFailures([], []);
  let parking: Parking | undefined;
  let asked = carried.replayAsked ?? false;
  const steering = openSteering({
    carried: carried.control,
    parking: () => parking,
    // Before it is opened nothing is known that could be shown.
    onChange: () => (parking === undefined ? undefined : show()),
  });
  setHandler(defineQuery<Progress>('progress'), () => ({
    ...progress,
    lanes: [...lanes],
    parked: parking?.parked ?? null,
    ...steering.control(),
  }));
  setHandler(defineQuery<Failures>('failures'), () => ({
    total: failedInAll(failures),
    sources: failures.first,
  }));

  const opened = carried.opened ?? (await open());
  if (carried.results === undefined) results = { ...opened.begun };
  progress.model = opened.model;
  let replay = carried.replay ?? opened.replay;
  steering.begin(opened.concurrency);
  parking = openParking({
    run: { domain: opened.domain, run: opened.run },
    rules: opened.rules,
    phase: () => progress.phase,
    paused: () => steering.control().paused,
    onChange: show,
    failed: () => failedInAll(failures),
    replayable: opened.begun === undefined,
    askReplay: () => {
      asked = true;
    },
  });

  /** Tells Temporal, and so its UI and `workflow list`, where the run stands. */
  function show(): void {
    const parked = parking?.parked ?? null;
    const lines = Object.entries(counts).map(([name, count]) => `- ${name}: ${count}`);
    if (parked !== null) {
      lines.unshift(
        `parked until ${parked.until}, then it ${parked.onTimeout === 'accept' ? 'goes on' : 'fails'}: ${parked.type}: ${parked.message}`,
        '',
        ...parked.decisions.map((decision) => `    ${commandOf(decision, workflowId)}`),
        '',
      );
    }
    const { waiting } = progress;
    if (waiting !== null) {
      lines.unshift(`waits since ${waiting.since} for run ${waiting.by}, which holds the domain`, '');
    }
    const { paused, concurrency } = steering.control();
    if (concurrency !== null) lines.unshift(`at most ${concurrency} requests in flight`, '');
    if (paused) lines.unshift('paused; it goes on with', '', `    ${commandOf('resume', workflowId)}`, '');
    setCurrentDetails([`**${progress.phase}**`, ...lines].join('\n'));
    if (!opened.searchAttributes) return;
    upsertSearchAttributes([
      { key: ATTRIBUTES.domain, value: opened.domain },
      { key: ATTRIBUTES.run, value: opened.run },
      { key: ATTRIBUTES.phase, value: standing() },
      { key: ATTRIBUTES.failed, value: failedInAll(failures) },
    ]);
  }
  function standing(): string {
    if (parking?.parked) return 'parked';
    if (steering.control().paused) return 'paused';
    return progress.waiting === null ? progress.phase : 'waiting';
  }
  const measure = openMeasures(opened);
  function count(more: Record<string, number>): void {
    addCounts(counts, more);
    measure(more);
    // Stages count those that they met; which sources have failed in all is known here.
    counts.failedSources = failedInAll(failures);
  }
  async function goOnAnew(): Promise<void> {
    const { historyLength, continueAsNewSuggested } = workflowInfo();
    const limit = carried.historyEvents ?? HISTORY_EVENTS;
    if (!continueAsNewSuggested && historyLength < limit) return;
    await condition(allHandlersFinished);
    const { replayAsked: _, replay: __, ...before } = carried;
    await continueAsNew<(spec: unknown, carried: Carried) => Promise<unknown>>(spec, {
      ...before,
      opened,
      results,
      counts,
      failures,
      control: steering.control(),
      waiting: progress.waiting,
      ...(replay && { replay }),
      ...(asked && { replayAsked: true as const }),
    });
  }
  /** What there is so far of what failed sources are replayed on. */
  function soFar(): Generation | undefined {
    const { plan, scan = [], synthesize, template } = results;
    if (plan === undefined) return undefined;
    const settled = template?.settled ?? synthesize?.settled?.ref;
    const documents = template?.documents ?? {};
    return { plan: plan.plan, scans: scan, documents, ...(settled && { settled }) };
  }
  function replayIfAsked(): void {
    const before = soFar();
    // What was published stays; who asks later than that is told so.
    if (!asked || before === undefined || failedInAll(failures) === 0) return;
    throw new ReplayAsked(before);
  }
  return {
    opened,
    progress,
    counts,
    lanes,
    parking,
    steering,
    count,
    get failures() {
      return failures;
    },
    setFailures(known) {
      failures = known;
      count({});
    },
    waitFor(by) {
      if (by === (progress.waiting?.by ?? null)) return;
      const since = progress.waiting?.since ?? new Date(Date.now()).toISOString();
      progress.waiting = by === null ? null : { by, since };
      show();
    },
    get replay() {
      return replay;
    },
    replayIfAsked,
    beginReplay(before) {
      // Nothing has been read yet: then the plan is made anew, with all objects (of a replay, its own ones) as they are now.
      replay = before.scans.length === 0 ? opened.replay : { before, request: { sources: 'failed' } };
      asked = false;
      results = results.domain === undefined ? {} : { domain: results.domain };
      for (const name of Object.keys(counts)) delete counts[name];
      failures = plannedFailures([], []);
      count({});
    },
    askAgainMs: carried.askAgainMs ?? ASK_AGAIN_MS,
    goOnAnew,
    enter(phase, total) {
      Object.assign(progress, { phase, done: 0, total });
      show();
    },
    async phase(name, work) {
      const known = results[name];
      if (known !== undefined) return known as Results[typeof name];
      replayIfAsked();
      const result = await work();
      results[name] = result;
      await goOnAnew();
      return result;
    },
  };
}

/** The command that ends a parked run, for people. */
function commandOf(decision: Decision, workflowId: string): string {
  return `temporal workflow update execute --workflow-id ${workflowId} --name ${decision}`;
}
