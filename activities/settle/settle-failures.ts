import { commitStage, outputOf, readCommit, readJson } from '../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, Reason, Settled, SettleInput } from '../../workflows/contract.ts';
import { VERDICTS } from '../dedupe/decide-duplicates.ts';
import { FAILED, type FailedSourceRows } from '../dedupe/failures.ts';
import { verdictOf } from '../dedupe/records.ts';
import { readCommits, readItems, readLists } from '../lists.ts';
import { inputsOf } from '../plan/inputs.ts';
import type { PlanEntry } from '../plan/partitions.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { readEntries, readSources } from '../plan/read-plan.ts';
import { addReasons } from '../reasons.ts';
import type { ScannedSource } from '../scan/scan-partition.ts';
import type { Services } from '../services.ts';
import type { InstructionData } from '../template/template-instructions.ts';
import { SETTLED, type SettledSource } from './excluded.ts';

/** Failures that the activity's answer carries; all of them are in the commit. */
const FAILURES_KEPT = 100;

/** What sources that fail after the verdicts take with them, and whom they keep out. */
export interface SettledCounts {
  lostRows: number;
  lostTexts: number;
  lostRejects: number;
  /** Documents of failed sources that were dropped in favour of others. */
  lostDuplicates: number;
  /** Documents of the other sources that were dropped in favour of one of a failed source: they stay out of this run. */
  heldBack: number;
  /** Near-duplicates among the two before. */
  lostNear: number;
  /** Of the lost duplicates, those of a document that an earlier run has published. */
  lostEarlier: number;
}

/** What its commit says beside counts. */
export interface SettledData extends Omit<Settled, 'ref' | 'counts'> {
  /** The lost rejects by reason. */
  lostReasons: Record<string, number>;
}

/**
 * Partitions that have failed since the verdicts → failed sources: every source with rows in one of them, whole. The
 * verdicts stay as they are, so what was dropped in favour of a failed source is held back, and counted as that.
 */
export async function settleFailures(services: Services, input: SettleInput): Promise<Settled> {
  const { store } = services;
  const { run, plan, scans, verdicts, passes } = input;
  const pins = await readPins(store, run);
  checkStage(pins, 'settle');
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'settle',
      version: pins.stages.settle,
      unit: 'global',
      spec: null,
      inputs: [plan, ...scans, ...verdicts, ...passes.flatMap((pass) => Object.values(pass).flat())],
      etags: [],
    },
    async (folder) => {
      const first = await readCommit(store, verdicts[0] as ObjectRef);
      const excluded = await readJson<FailedSourceRows[]>(store, outputOf(first, FAILED));
      const settled: SettledSource[] = [];
      const failed = { corpus: excluded.length, instructions: 0 };
      for (const { name } of inputsOf(pins)) {
        const group = name === 'corpus' ? 'corpus' : 'instructions';
        const sources = await readSources(store, plan, name);
        const known = new Set(
          name === 'corpus'
            ? excluded.map(({ source }) => source)
            : sources.filter(({ failure }) => failure !== null).map(({ ordinal }) => ordinal),
        );
        if (name !== 'corpus') failed.instructions += known.size;
        const reasons =
          name === 'corpus' ? await ofPartitions(store, input) : await ofCommits(store, input, name);
        for (const { ordinal, key, rows } of sources) {
          const reason = reasons.get(key);
          if (reason === undefined || known.has(ordinal)) continue;
          const { type, message } = reason;
          settled.push({ input: name, source: ordinal, key, rows, type, message });
          failed[group]++;
        }
      }
      const corpus = settled.filter((each) => each.input === 'corpus');
      const { counts, lostReasons } = await countLost(services, input, corpus);
      const output = await folder.put(SETTLED, JSON.stringify(settled), 'application/json');
      const failures = settled
        .slice(0, FAILURES_KEPT)
        .map(({ key, type, message }) => ({ key, type, message }));
      const data: SettledData = { ...failed, failures, lostReasons };
      return { outputs: [output], counts: { ...counts }, data };
    },
  );
  const { lostReasons: _, ...settled } = commit.data as SettledData;
  return { ref, counts: commit.counts, ...settled };
}

/** Raw keys of the corpus with rows in a partition that failed, each with the first reason. */
async function ofPartitions(store: ObjectStore, { plan, passes }: SettleInput): Promise<Map<string, Reason>> {
  const reasons = new Map<string, Reason>();
  for (const { corpus = [] } of passes) {
    const items = await readItems(store, corpus);
    const entries = await readEntries(store, plan, 'corpus', items.length);
    for (const [i, item] of items.entries()) {
      if (!('failed' in item)) continue;
      for (const { key } of (entries[i] as PlanEntry).runs)
        if (!reasons.has(key)) reasons.set(key, item.failed);
    }
  }
  return reasons;
}

/** Raw keys of an instruction input that failed where their rows were read. */
async function ofCommits(
  store: ObjectStore,
  { passes }: SettleInput,
  input: string,
): Promise<Map<string, Reason>> {
  const reasons = new Map<string, Reason>();
  for (const pass of passes) {
    for (const { data } of await readCommits(store, await readLists(store, pass[input] ?? []))) {
      for (const failure of (data as InstructionData).failures) {
        if (!reasons.has(failure.key)) reasons.set(failure.key, failure);
      }
    }
  }
  return reasons;
}

async function countLost(
  { store, checkCancelled }: Services,
  { plan, scans, verdicts }: SettleInput,
  failed: readonly SettledSource[],
): Promise<{ counts: SettledCounts; lostReasons: Record<string, number> }> {
  const counts: SettledCounts = {
    lostRows: 0,
    lostTexts: 0,
    lostRejects: 0,
    lostDuplicates: 0,
    heldBack: 0,
    lostNear: 0,
    lostEarlier: 0,
  };
  const lostReasons: Record<string, number> = {};
  if (failed.length === 0) return { counts, lostReasons };
  const lost = new Set(failed.map(({ source }) => source));
  counts.lostRows = failed.reduce((sum, { rows }) => sum + rows, 0);
  const refs = await readLists(store, scans);
  const entries = await readEntries(store, plan, 'corpus', refs.length);
  const firstSource = (await readSources(store, plan, 'corpus'))[0]?.ordinal ?? 0;
  const touched = refs.filter((_, i) => entries[i]?.runs.some(({ source }) => lost.has(source)));
  for (const { data } of await readCommits(store, touched)) {
    for (const { source, texts, rejects, rejectReasons } of data as ScannedSource[]) {
      if (!lost.has(source)) continue;
      counts.lostTexts += texts;
      counts.lostRejects += rejects;
      addReasons(lostReasons, rejectReasons);
    }
  }
  const commits = await readCommits(store, verdicts);
  const runs = await openCommittedRuns(
    store,
    commits.map((each) => outputOf(each, VERDICTS)),
  );
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    checkCancelled();
    for (const record of batch) {
      const { dropped, kept, kind } = verdictOf(record);
      if (lost.has(dropped.source)) counts.lostDuplicates++;
      else if (lost.has(kept.source)) counts.heldBack++;
      else continue;
      if (kind === 'near') counts.lostNear++;
      if (kept.source < firstSource) counts.lostEarlier++;
    }
  }
  return { counts, lostReasons };
}
