import { defineSearchAttributeKey } from '@temporalio/common';
import {
  defineQuery,
  executeChild,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  FailedSource,
  Failures,
  IngestResult,
  IngestSpec,
  LaneInput,
  Lists,
  ObjectRef,
  Phase,
  PlannedInput,
  Progress,
  RunRef,
  Trained,
} from './contract.ts';
import { activities } from './limits.ts';
import { addCounts, inParallel } from './pool.ts';
import { processPartitions } from './process-partitions.ts';
import { trainModel } from './train-model.ts';

/** Entries of a lane: what one page of the plan holds. */
const LANE_ENTRIES = 250;
const LANES_IN_FLIGHT = 4;
const SHARDS_IN_FLIGHT = 32;
const FAILURES_KEPT = 100;
/** Documents whose records one activity of dedupe takes, fifteen each; more are cut by hash into ranges. */
const DEDUPE_DOCUMENTS = 1_000_000;

const ATTRIBUTES = {
  domain: defineSearchAttributeKey('Domain', 'KEYWORD'),
  run: defineSearchAttributeKey('Run', 'KEYWORD'),
  phase: defineSearchAttributeKey('Phase', 'KEYWORD'),
  failed: defineSearchAttributeKey('FailedPartitions', 'INT'),
};

const progressQuery = defineQuery<Progress>('progress');
const failuresQuery = defineQuery<Failures>('failures');

/** A domain's partitions → deduplicated texts → rounds of pairs → documents → a mix → shards → (training). */
export async function ingestDomain(spec: IngestSpec): Promise<IngestResult> {
  const { workflowId } = workflowInfo();
  const counts: Record<string, number> = {};
  const failures: FailedSource[] = [];
  const lanes = new Set<string>();
  const progress: Progress = { phase: 'open', done: 0, total: 0, counts, lanes: [] };
  setHandler(progressQuery, () => ({ ...progress, lanes: [...lanes] }));
  /** Before the verdicts only unreadable files are known; from then on all that failed. */
  const failed = (): number => Math.max(counts.failedSources ?? 0, counts.unreadableSources ?? 0);
  setHandler(failuresQuery, () => ({ total: failed(), sources: failures }));

  const opened = await activities.openRun({ workflowId, spec });
  const run: RunRef = { domain: opened.domain, run: opened.run };
  progress.model = opened.model;

  function enter(phase: Phase, total: number): void {
    Object.assign(progress, { phase, done: 0, total });
    setCurrentDetails(
      [`**${phase}**`, ...Object.entries(counts).map(([name, count]) => `- ${name}: ${count}`)].join('\n'),
    );
    if (!opened.searchAttributes) return;
    upsertSearchAttributes([
      { key: ATTRIBUTES.domain, value: run.domain },
      { key: ATTRIBUTES.run, value: run.run },
      { key: ATTRIBUTES.phase, value: phase },
      { key: ATTRIBUTES.failed, value: failed() },
    ]);
  }
  function keepFailures(more: readonly FailedSource[] = []): void {
    for (const failure of more) {
      if (failures.length === FAILURES_KEPT) return;
      // A source in several partitions fails in each of them.
      if (!failures.some(({ key }) => key === failure.key)) failures.push(failure);
    }
  }
  /** One phase of the partitions of some inputs, in lanes; the commits of each lane as a list. */
  async function inLanes(
    inputs: readonly PlannedInput[],
    laneOf: (input: PlannedInput, lane: number) => Omit<LaneInput, 'run' | 'input' | 'from' | 'to'>,
  ): Promise<Lists> {
    const all = inputs.flatMap((input) =>
      Array.from({ length: Math.ceil(input.entries / LANE_ENTRIES) }, (_, lane) => ({ input, lane })),
    );
    const results = await inParallel(all.length, LANES_IN_FLIGHT, async (i) => {
      const { input, lane } = all[i] as { input: PlannedInput; lane: number };
      const from = lane * LANE_ENTRIES;
      const to = Math.min(from + LANE_ENTRIES, input.entries);
      const args: LaneInput = { ...laneOf(input, lane), run, input: input.name, from, to };
      const id = `${workflowId}/${args.phase}/${input.name}/${lane}`;
      lanes.add(id);
      const result = await executeChild(processPartitions, { workflowId: id, args: [args] });
      lanes.delete(id);
      progress.done += to - from;
      addCounts(counts, result.counts);
      keepFailures(result.failures);
      return result.list;
    });
    const lists: Lists = {};
    for (const [i, { input }] of all.entries()) {
      lists[input.name] = [...(lists[input.name] ?? []), results[i] as ObjectRef];
    }
    return lists;
  }

  enter('plan', 1);
  const { ref: plan, inputs, ...planned } = await activities.planSources({ run });
  addCounts(counts, planned.counts);
  keepFailures(planned.failures);
  const corpus = inputs.filter(({ name }) => name === 'corpus');
  const partitions = (some: readonly PlannedInput[]) => some.reduce((sum, { entries }) => sum + entries, 0);

  enter('scan', partitions(corpus));
  const scans = (await inLanes(corpus, () => ({ phase: 'scan', plan }))).corpus ?? [];

  const ranges = Math.max(1, Math.ceil((counts.texts ?? 0) / DEDUPE_DOCUMENTS));
  enter('dedupe', ranges + 1);
  const edges = await inParallel(ranges, SHARDS_IN_FLIGHT, async (range) => {
    const done = await activities.findDuplicates({ run, plan, scans, range, ranges });
    progress.done++;
    return done.ref;
  });
  const decided = await activities.decideDuplicates({ run, plan, scans, edges });
  addCounts(counts, decided.counts);
  progress.done++;
  const verdicts = [decided.ref];

  enter('synthesize', partitions(corpus));
  const { rounds } = opened;
  const pairs = await inLanes(corpus, (_, lane) => ({
    phase: 'synthesize',
    plan,
    verdicts,
    rounds,
    ...before(scans, lane),
  }));

  enter('template', partitions(inputs));
  const documents = await inLanes(inputs, (input, lane) =>
    input.name === 'corpus'
      ? { phase: 'template', plan, verdicts, ...before(pairs.corpus, lane) }
      : { phase: 'template', plan },
  );

  enter('mix', 1);
  const mixed = await activities.mixSources({ run, documents });
  const mix = mixed.ref;
  addCounts(counts, mixed.counts);

  enter('exchange', partitions(inputs));
  const exchanges = await inLanes(inputs, (input, lane) => ({
    phase: 'exchange',
    plan,
    mix,
    ...before(documents[input.name], lane),
  }));

  enter('shards', mixed.shards);
  const built = await inParallel(mixed.shards, SHARDS_IN_FLIGHT, async (shard) => {
    const done = await activities.buildShard({ run, mix, exchanges, shard });
    addCounts(counts, done.counts);
    progress.done++;
    return done.ref;
  });

  enter('publish', 1);
  const shards = await activities.saveList({ run, items: built });
  const published = await activities.publishRun({ run, plan, scans, verdicts, documents, mix, shards });
  addCounts(counts, published.counts);

  let training: Trained | null = null;
  if (opened.launcher !== null) {
    enter('train', 1);
    const { launcher } = opened;
    const { name } = await activities.resolveTraining({ run, launcher });
    lanes.add(`train/${name}`);
    training = await executeChild(trainModel, { workflowId: `train/${name}`, args: [{ ...run, launcher }] });
    lanes.delete(`train/${name}`);
  }
  enter('done', 1);
  progress.done = 1;
  return { ...run, publication: published.publication, counts, training };
}

function before(lists: readonly ObjectRef[] | undefined, lane: number): { before: ObjectRef } {
  const list = lists?.[lane];
  if (list === undefined) throw new Error(`the phase before left no list for lane ${lane}`);
  return { before: list };
}
