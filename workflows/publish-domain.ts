import { ApplicationFailure } from '@temporalio/workflow';
import type { Lists, ObjectRef, PlannedInput, PublishInput, RunRef, Settled } from './contract.ts';
import { cutDedupe } from './dedupe-cut.ts';
import {
  acceptAsBefore,
  acceptFailed,
  distinctFailed,
  type FailedSources,
  failedInAll,
  failureLines,
  keepFailures,
  noted,
  plannedFailures,
  tooManyFailed,
} from './failed-sources.ts';
import type { IngestState } from './ingest-state.ts';
import { before, inLanes } from './lanes.ts';
import { activities } from './limits.ts';
import { addCounts, inParallel } from './pool.ts';

const SHARDS_IN_FLIGHT = 32;

/** The phases from the plan to the publication; null when an incremental run finds no source that its `base` has not. */
export async function publishDomain(state: IngestState, base?: ObjectRef): Promise<ObjectRef | null> {
  const { opened, counts, progress, parking, enter, phase } = state;
  const { mended } = parking;
  const { rounds, rules } = opened;
  const run: RunRef = { domain: opened.domain, run: opened.run };
  const partitions = (some: readonly PlannedInput[]) => some.reduce((sum, { entries }) => sum + entries, 0);

  /** Parks while more sources have failed than may and were accepted. */
  async function decide(): Promise<void> {
    await parking.accepted(
      () => tooManyFailed(state.failures, rules.maxFailedFraction),
      () => acceptFailed(state.failures),
    );
  }
  /** A replay that mends nothing publishes nothing. */
  function refuseUnmended(): void {
    const { without = 0 } = state.replay ?? {};
    if (without === 0 || (counts.renewedSources ?? 0) > 0) return;
    if (failedInAll(state.failures) >= without) throw unmended(state.failures);
  }
  /** Takes over what is known of failed sources of the corpus, and of instructions; then looks whether that is too much. */
  async function learn(known: Partial<Record<'corpus' | 'instructions', number>>): Promise<void> {
    const failures: FailedSources = state.failures;
    if (known.corpus !== undefined) failures.corpus.failed = known.corpus;
    if (known.instructions !== undefined) failures.instructions.failed = known.instructions;
    state.setFailures(failures);
    await decide();
  }

  const { plan, inputs, benchmarks } = await phase('plan', async () => {
    enter('plan', 1);
    const onBase = base === undefined ? {} : { base };
    const { replay } = state;
    const { ref, inputs, ...planned } = await mended(() =>
      replay === undefined
        ? activities.planSources({ run, ...onBase, ...(opened.aged && { at: Date.now() }) })
        : activities.planReplay({ run, ...onBase, ...replay }),
    );
    if (!nothing(inputs)) state.setFailures(plannedFailures(inputs, noted(planned.failures ?? [], 'plan')));
    state.count(planned.counts);
    if (replay?.without !== undefined) acceptAsBefore(state.failures, replay.without);
    await decide();
    if (!opened.decontaminate) return { plan: ref, inputs };
    progress.total++;
    progress.done++;
    const indexed = await mended(() => activities.indexBenchmarks({ run }));
    state.count(indexed.counts);
    return { plan: ref, inputs, benchmarks: indexed.ref };
  });
  /** What every activity gets that sees texts of the mix. */
  const sets = benchmarks === undefined ? {} : { benchmarks };
  const corpus = inputs.filter(({ name }) => name === 'corpus');
  if (base !== undefined && nothing(inputs)) return null;

  const scans = await phase('scan', async () => {
    enter('scan', partitions(corpus));
    const unreadable = state.failures.corpus.failed;
    const pass = await inLanes(
      state,
      corpus,
      'scan',
      () => ({ plan, ...sets }),
      ({ failedSources }) => learn({ corpus: unreadable + distinctFailed(failedSources) }),
    );
    return pass.lists.corpus ?? [];
  });
  // What failed is not taken; a later night tries it again.
  const failedAll = corpus.every(({ sources }) => sources === state.failures.corpus.failed);
  state.replayIfAsked();
  refuseUnmended();
  if (base !== undefined && failedAll) return null;

  const verdicts = await phase('dedupe', async () => {
    const { ranges, combine } = cutDedupe(counts.texts ?? 0, partitions(corpus));
    enter('dedupe', (combine ? scans.length : 0) + ranges + 1);
    const buckets = combine ? { scans: [], combined: await combined(scans.length) } : { scans };
    const edges = await inParallel(ranges, SHARDS_IN_FLIGHT, async (range) => {
      const found = await mended(() => activities.findDuplicates({ run, plan, ...buckets, range, ranges }));
      progress.done++;
      return found.ref;
    });
    const decided = await mended(() => activities.decideDuplicates({ run, plan, scans, edges }));
    state.count(decided.counts);
    progress.done++;
    return [decided.ref];

    /** The buckets of each list of scans as one run; the commits as a list, since every range is given it. */
    async function combined(lists: number): Promise<ObjectRef> {
      const items = await inParallel(lists, SHARDS_IN_FLIGHT, async (list) => {
        const done = await mended(() => activities.combineBuckets({ run, plan, scans, list }));
        progress.done++;
        return done.ref;
      });
      return mended(() => activities.saveList({ run, items }));
    }
  });

  async function publish(made: Made): Promise<ObjectRef> {
    refuseUnmended();
    const { publication } = await phase('publish', async () => {
      const ranges = base === undefined ? 0 : cutDedupe(counts.texts ?? 0, partitions(corpus)).ranges;
      enter('publish', ranges + 1);
      const { settled } = made;
      const parts = { run, plan, scans, verdicts, ...(settled && { settled }), ranges };
      const segments = await inParallel(ranges, SHARDS_IN_FLIGHT, async (range) => {
        const built = await mended(() => activities.buildSegment({ ...parts, range }));
        progress.done++;
        return built.ref;
      });
      const { generation } = opened;
      const given = { ...sets, ...made, ...(base && { segments }), ...(generation && { generation }) };
      const published = await mended(() => activities.publishRun({ run, plan, scans, verdicts, ...given }));
      state.count(published.counts);
      return published;
    });
    return publication;
  }
  // An incremental run that keeps nothing has taken its sources all the same, and may have replaced documents.
  if (base !== undefined && counts.validTexts === counts.duplicates) return publish({ documents: {} });

  /** Which sources have failed since the verdicts, by what the passes over all partitions say; asks when that is too much. */
  async function settle(passes: Lists[], last: Settled | undefined): Promise<Settled> {
    const settled = await mended(() => activities.settleFailures({ run, plan, scans, verdicts, passes }));
    // Each one counts all that the one before it did.
    if (last !== undefined) addCounts(counts, last.counts, -1);
    state.count(settled.counts);
    keepFailures(state.failures, noted(settled.failures ?? [], progress.phase));
    await learn(settled);
    return settled;
  }

  /** Has a sample of all pairs judged: one more unit of the phase that made them. */
  async function judge({ pairs, settled }: { pairs: Lists; settled?: Settled }): Promise<ObjectRef> {
    progress.total++;
    const without = settled === undefined ? {} : { settled: settled.ref };
    const judged = await mended(() => activities.judgePairs({ run, pairs: pairs.corpus ?? [], ...without }));
    state.count(judged.counts);
    progress.done++;
    return judged.ref;
  }

  const synthesized = await phase('synthesize', async () => {
    enter('synthesize', partitions(corpus));
    const pass = await inLanes(state, corpus, 'synthesize', (_, lane) => ({
      plan,
      verdicts,
      rounds,
      ...before(scans, lane),
    }));
    const pairs = pass.lists;
    const made =
      pass.failedPartitions === 0 ? { pairs } : { pairs, settled: await settle([pairs], undefined) };
    return opened.judge ? { ...made, judged: await judge(made) } : made;
  });

  const { documents, settled } = await phase('template', async () => {
    const { pairs } = synthesized;
    const passes = [pairs];
    // Leaving a source out touches its own documents alone; partitions without it find their commits again.
    for (let settled = synthesized.settled; ; ) {
      enter('template', partitions(inputs));
      const without = settled === undefined ? {} : { settled: settled.ref };
      const pass = await inLanes(state, inputs, 'template', (input, lane) =>
        input.name === 'corpus'
          ? { plan, verdicts, ...sets, ...without, ...before(pairs.corpus, lane) }
          : { plan, ...sets, ...without },
      );
      const documents = pass.lists;
      if (pass.failedPartitions === 0 && distinctFailed(pass.failedSources) === 0) {
        return settled === undefined ? { documents } : { documents, settled: settled.ref };
      }
      addCounts(counts, pass.counts, -1);
      passes.push(documents);
      const known = failedInAll(state.failures);
      settled = await settle(passes, settled);
      if (failedInAll(state.failures) === known) throw unsettled();
    }
  });

  const { mix, shards: shardCount } = await phase('mix', async () => {
    enter('mix', 1);
    const mixed = await mended(() => activities.mixSources({ run, documents }));
    state.count(mixed.counts);
    return { mix: mixed.ref, shards: mixed.shards };
  });

  const exchanges = await phase('exchange', async () => {
    enter('exchange', partitions(inputs));
    const pass = await inLanes(state, inputs, 'exchange', (input, lane) => ({
      plan,
      mix,
      ...before(documents[input.name], lane),
    }));
    return pass.lists;
  });

  const shards = await phase('shards', async () => {
    enter('shards', shardCount);
    const built = await inParallel(shardCount, SHARDS_IN_FLIGHT, async (shard) => {
      const done = await mended(() => activities.buildShard({ run, mix, exchanges, shard }));
      state.count(done.counts);
      progress.done++;
      return done.ref;
    });
    return mended(() => activities.saveList({ run, items: built }));
  });

  const { judged } = synthesized;
  return publish({ documents, mix, shards, ...(settled && { settled }), ...(judged && { judged }) });
}

/** What a publication rests on beside the verdicts; without a mix and shards for a run that keeps nothing. */
type Made = Pick<PublishInput, 'documents' | 'mix' | 'shards' | 'settled' | 'judged'>;

/** Whether a plan has no source of the corpus, as an incremental one may. */
const nothing = (inputs: readonly PlannedInput[]): boolean =>
  inputs.every(({ name, sources }) => name !== 'corpus' || sources === 0);

/** Partitions fail in the template stage though every source that could be left out is: what fails is no source. */
const unsettled = (): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    'partitions fail in the template stage even without their sources; the log of the worker says why',
    'Unreachable',
  );

/** All that was replayed has failed again: the generation that is published stays. */
const unmended = (failures: FailedSources): ApplicationFailure =>
  ApplicationFailure.nonRetryable(
    `what was replayed has failed again, so that what is published stays as it is:\n${failureLines(failures)}`,
    'TooManyFailedSources',
  );
