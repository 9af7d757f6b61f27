import type { StageCommit } from '../../lake/commit.ts';
import { type ContaminationCounts, sumContamination } from '../benchmarks/contamination.ts';
import type { VerdictData } from '../dedupe/decide-duplicates.ts';
import { totalsOf } from '../filter/summary.ts';
import { addReasons } from '../reasons.ts';
import type { ScannedSource } from '../scan/scan-partition.ts';
import type { SettledCounts, SettledData } from '../settle/settle-failures.ts';
import type { InstructionData } from '../template/template-instructions.ts';
import type { CorpusData } from '../template/template-partition.ts';
import type { RunCounts } from './publication.ts';
import type { RunRecords } from './records.ts';

/** Counts of a run from rows in to tokens out. `begun`: whether it begins on another run. */
export function countsOf(
  { verdicts, settled, corpus, instructions, pairs, mix }: RunRecords,
  { replaced, begun }: { replaced: number; begun: boolean },
): RunCounts {
  const sum = (commits: readonly StageCommit[], name: string): number =>
    commits.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
  const texts = (name: keyof CorpusData['texts']): number =>
    corpus.reduce((total, { data }) => total + (data as CorpusData).texts[name], 0);
  /** What failed after the verdicts is taken out of what they said. */
  const lost = (name: keyof SettledCounts): number => sum(settled, name);
  const dropped = sum(verdicts, 'duplicates');
  const { kept, dropped: filtered } = totalsOf(pairs);
  return {
    rows: {
      planned: sum(verdicts, 'plannedRows'),
      kept: sum(verdicts, 'validTexts') - dropped - (lost('lostTexts') - lost('lostDuplicates')),
      duplicates: dropped - lost('lostDuplicates') - lost('heldBack'),
      nearDuplicates: sum(verdicts, 'nearDuplicates') - lost('lostNear'),
      earlierDuplicates: sum(verdicts, 'earlierDuplicates') - lost('lostEarlier'),
      heldBack: lost('heldBack'),
      rejects: sum(verdicts, 'rejectedRows') - lost('lostRejects'),
      rejectReasons: rejectReasonsOf(verdicts, settled),
      failed: sum(verdicts, 'failedRows') + lost('lostRows'),
      replaced,
    },
    texts: {
      converted: texts('convertedTexts'),
      raw: sum(corpus, 'rawTexts'),
      prompted: texts('prompted'),
      withPairs: texts('textsWithPairs'),
      linked: texts('linked'),
      setAside: texts('setAside'),
    },
    pairs: {
      valid: texts('pairs'),
      dropped: texts('droppedPairs'),
      reasons: reasonsOf(corpus),
      kept,
      filtered,
      rendered: sum(corpus, 'renderedPairs'),
    },
    // What a run begins on was paid for there.
    usage: begun
      ? { promptTokens: 0, completionTokens: 0 }
      : { promptTokens: texts('promptTokens'), completionTokens: texts('completionTokens') },
    documents: {
      chains: sum(corpus, 'chains'),
      made: sum(corpus, 'documents'),
      tokens: sum(corpus, 'tokens'),
      overlong: sum(corpus, 'overlong'),
      spare: sum(corpus, 'spareDocuments'),
      spareTokens: sum(corpus, 'spareTokens'),
      mixed: mix.documents,
      mixedTokens: mix.tokens,
    },
    instructions: {
      planned: sum(instructions, 'instructionRows'),
      documents: sum(instructions, 'instructions'),
      tokens: sum(instructions, 'instructionTokens'),
      rejects: sum(instructions, 'rejectedInstructions'),
      rejectReasons: instructionRejects(instructions),
      failed: sum(instructions, 'failedInstructionRows'),
    },
    tokenizing: {
      tokenizedBytes: sum([...corpus, ...instructions], 'tokenizedBytes'),
      slowBytes: sum([...corpus, ...instructions], 'slowBytes'),
    },
  };
}

/** What was found of evaluation sets, where the spec names some; of documents, in the sources that have not failed. */
export function contaminationOf({
  scans,
  failed,
  corpus,
  instructions,
}: RunRecords): ContaminationCounts | undefined {
  if (scans === undefined) return undefined;
  const failedKeys = new Set(failed.map(({ key }) => key));
  const scanned = scans.flatMap(({ data }) => data as ScannedSource[]);
  const others = [...corpus, ...instructions].map(({ data }) => data as CorpusData | InstructionData);
  return sumContamination(
    [...scanned.filter(({ key }) => !failedKeys.has(key)), ...others].flatMap(
      ({ contamination }) => contamination ?? [],
    ),
  );
}

/** What was dropped from answers, by reason. */
function reasonsOf(corpus: readonly StageCommit[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { data } of corpus) addReasons(reasons, (data as CorpusData).drops);
  return reasons;
}

/** Rejects of scan by reason, without those of sources that failed. */
function rejectReasonsOf(
  verdicts: readonly StageCommit[],
  settled: readonly StageCommit[],
): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { data } of verdicts) addReasons(reasons, (data as VerdictData).rejectReasons);
  for (const { data } of settled) {
    const { lostReasons } = data as SettledData;
    for (const [reason, count] of Object.entries(lostReasons)) addReasons(reasons, { [reason]: -count });
  }
  return Object.fromEntries(Object.entries(reasons).filter(([, count]) => count !== 0));
}

function instructionRejects(commits: readonly StageCommit[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { data } of commits) addReasons(reasons, (data as InstructionData).rejectReasons);
  return reasons;
}
