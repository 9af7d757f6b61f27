import { outputOf, readCommit, readJson, type StageCommit } from '../../lake/commit.ts';
import { sha256 } from '../../lake/hash.ts';
import { type FullSpec, withoutSteering } from '../../lake/spec.ts';
import type { ObjectStore } from '../../lake/store.ts';
import {
  type FailedSource,
  type ObjectRef,
  type PublishInput,
  RULES_MODEL,
} from '../../workflows/contract.ts';
import { type ContaminationCounts, sumContamination } from '../benchmarks/contamination.ts';
import type { VerdictData } from '../dedupe/decide-duplicates.ts';
import { FAILED, type FailedSourceRows } from '../dedupe/failures.ts';
import { reportOf, sumSummaries } from '../filter/report.ts';
import { type PairSummary, totalsOf } from '../filter/summary.ts';
import { readCommits, readLists } from '../lists.ts';
import { EMPTY_MIX, mixOf } from '../mix/mix.ts';
import { inputsOf } from '../plan/inputs.ts';
import type { BegunOn, RunPins } from '../plan/pins.ts';
import { readSources } from '../plan/read-plan.ts';
import { addReasons } from '../reasons.ts';
import type { ScannedSource } from '../scan/scan-partition.ts';
import { readSettled } from '../settle/excluded.ts';
import type { SettledCounts, SettledData } from '../settle/settle-failures.ts';
import { dtypeFor } from '../shards/megatron.ts';
import type { InstructionData } from '../template/template-instructions.ts';
import type { CorpusData } from '../template/template-partition.ts';
import type { ManifestCore, PublishedShard, RunCounts } from './publication.ts';

/** Gathers what a publication says from the commits alone; `replaced`: documents of earlier runs that it has tombstones of. */
export async function collect(
  store: ObjectStore,
  pins: RunPins,
  input: PublishInput,
  replaced: number,
): Promise<{ core: ManifestCore; shards: PublishedShard[]; corpus: StageCommit[] }> {
  const read = (refs: readonly ObjectRef[]): Promise<StageCommit[]> => readCommits(store, refs);
  const verdicts = await read(input.verdicts);
  const corpus = await read(await readLists(store, input.documents.corpus ?? []));
  const others = Object.entries(input.documents).filter(([name]) => name !== 'corpus');
  const instructions = await read(
    await readLists(
      store,
      others.flatMap(([, lists]) => lists),
    ),
  );
  const settled = input.settled === undefined ? undefined : await readCommit(store, input.settled);
  const mix = input.mix === undefined ? EMPTY_MIX : mixOf(await readCommit(store, input.mix));
  const lists = input.shards === undefined ? [] : [input.shards];
  const built = await read(await readLists(store, lists));
  const shards = built.map(publishedShard);

  const sources: ManifestCore['sources'] = [];
  const unreadable: FailedSource[] = [];
  for (const { name } of inputsOf(pins)) {
    const planned = await readSources(store, input.plan, name);
    const list = planned.map(({ key, etag, rows }) => [key, etag, rows]);
    // Those of the corpus are among the failures that dedupe settled.
    if (name !== 'corpus')
      unreadable.push(...planned.flatMap(({ key, failure }) => (failure ? [{ key, ...failure }] : [])));
    sources.push({ name, objects: planned.length, sha256: sha256(JSON.stringify(list)) });
  }
  const first = verdicts[0];
  const failed =
    first === undefined ? [] : await readJson<FailedSourceRows[]>(store, outputOf(first, FAILED));
  const late = (await readSettled(store, input.settled)).filter((each) => each.input === 'corpus');
  const failedKeys = new Set([...failed, ...late].map(({ key }) => key));
  const scans = input.benchmarks === undefined ? [] : await read(await readLists(store, input.scans));
  const contamination =
    input.benchmarks === undefined ? undefined : contaminationOf(scans, failedKeys, corpus, instructions);
  const summaries = corpus.flatMap(({ data }) => (data as CorpusData).pairs ?? []);
  const pairs = await sumSummaries(store, summaries);
  const core: ManifestCore = {
    format: 'instruct-lake/manifest.core@1',
    domain: pins.domain,
    run: pins.run,
    mode: pins.spec.mode,
    smokeTest: pins.generator.model === RULES_MODEL,
    spec: withoutExecution(pins.spec),
    pins: {
      stages: pins.stages,
      tokenizer: pins.tokenizer,
      generator: pins.generator,
      pools: pins.pools,
      unicode: pins.unicode,
    },
    ...(pins.from && { from: begunOn(pins.from) }),
    sources,
    failedSources: [
      ...[...failed, ...late].sort((a, b) => a.source - b.source),
      ...unreadable,
      ...failedInstructions(instructions),
    ].map(({ key, type }) => ({ key, type })),
    counts: {
      ...countsOf({
        verdicts,
        settled,
        corpus,
        instructions,
        pairs,
        mixed: mix,
        replaced,
        begun: pins.from !== undefined,
      }),
      ...(contamination && { contamination }),
    },
    pairs: reportOf(pairs),
    mix: mix.sources.map(({ passes: _, rest: __, cut: ___, ...told }) => ({
      ...told,
      epochs: told.unique === 0 ? 0 : told.got / told.unique,
    })),
    forms: { share: mix.share, alsoRaw: mix.alsoRaw },
    dtype: dtypeFor(pins.tokenizer.highestId),
    shards: shards.map(({ name, documents, tokens, bin, idx, files }) => ({
      name,
      documents,
      tokens,
      bin: { size: bin.size, sha256: bin.sha256 },
      idx: { size: idx.size, sha256: idx.sha256 },
      files: (files ?? []).map(({ name, size, sha256 }) => ({ name, size, sha256 })),
    })),
    rows: Object.fromEntries(
      ROW_COUNTS.flatMap((name) => {
        const counted = built.flatMap(({ counts }) => counts[name] ?? []);
        return counted.length === 0 ? [] : [[name, counted.reduce((sum, each) => sum + each, 0)]];
      }),
    ),
  };
  return { core, shards, corpus };
}

const begunOn = ({ inputs: _, ...from }: BegunOn): Omit<BegunOn, 'inputs'> => from;

/** What was dropped from answers, by reason. */
function reasonsOf(corpus: readonly StageCommit[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { data } of corpus) addReasons(reasons, (data as CorpusData).drops);
  return reasons;
}

/** What was found of evaluation sets; of documents, in the sources that have not failed. */
function contaminationOf(
  scans: readonly StageCommit[],
  failed: ReadonlySet<string>,
  corpus: readonly StageCommit[],
  instructions: readonly StageCommit[],
): ContaminationCounts {
  const scanned = scans.flatMap(({ data }) => data as ScannedSource[]);
  const others = [...corpus, ...instructions].map(({ data }) => data as CorpusData | InstructionData);
  return sumContamination(
    [...scanned.filter(({ key }) => !failed.has(key)), ...others].flatMap(
      ({ contamination }) => contamination ?? [],
    ),
  );
}

/** Rejects of scan by reason, without those of sources that failed. */
function rejectReasonsOf(
  verdicts: readonly StageCommit[],
  settled: StageCommit | undefined,
): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { data } of verdicts) addReasons(reasons, (data as VerdictData).rejectReasons);
  const { lostReasons = {} } = (settled?.data ?? {}) as Partial<SettledData>;
  for (const [reason, count] of Object.entries(lostReasons)) addReasons(reasons, { [reason]: -count });
  return Object.fromEntries(Object.entries(reasons).filter(([, count]) => count !== 0));
}

function instructionRejects(commits: readonly StageCommit[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { data } of commits) addReasons(reasons, (data as InstructionData).rejectReasons);
  return reasons;
}

/** Instruction sources that failed, once each. */
function failedInstructions(commits: readonly StageCommit[]): FailedSource[] {
  const failures = commits.flatMap(({ data }) => (data as InstructionData).failures);
  return [...new Map(failures.map((failure) => [failure.key, failure])).values()];
}

/** What is told of rows of sequenceLength, whatever the formats. */
const ROW_COUNTS = [
  'shardPairs',
  'partedPairs',
  'overlongDocuments',
  'packedRows',
  'paddingTokens',
  'cutDocuments',
] as const;

function publishedShard({ unit, outputs, counts }: StageCommit): PublishedShard {
  const [bin, idx, ...files] = outputs;
  if (bin === undefined || idx === undefined)
    throw new RangeError(`the commit of ${unit} names no body and index`);
  return {
    name: unit,
    documents: counts.shardDocuments ?? 0,
    tokens: counts.shardTokens ?? 0,
    bin,
    idx,
    files,
  };
}

/** The spec without what only spreads the work, steers it or looks at it: none of it changes a byte of what a run gives. */
function withoutExecution(spec: FullSpec): Record<string, unknown> {
  const { partitionBytes: _, minAge: ___, ...input } = spec.input;
  const { judge: __, ...rest } = withoutSteering(spec);
  return { ...rest, input };
}

function countsOf(from: {
  verdicts: StageCommit[];
  settled: StageCommit | undefined;
  corpus: StageCommit[];
  instructions: StageCommit[];
  pairs: PairSummary;
  mixed: { documents: number; tokens: number };
  replaced: number;
  begun: boolean;
}): RunCounts {
  const sum = (commits: readonly StageCommit[], name: string): number =>
    commits.reduce((total, { counts }) => total + (counts[name] ?? 0), 0);
  const { verdicts, settled, corpus, instructions, mixed } = from;
  const texts = (name: keyof CorpusData['texts']): number =>
    corpus.reduce((total, { data }) => total + (data as CorpusData).texts[name], 0);
  /** What failed after the verdicts is taken out of what they said. */
  const lost = (name: keyof SettledCounts): number => settled?.counts[name] ?? 0;
  const dropped = sum(verdicts, 'duplicates');
  const { kept, dropped: filtered } = totalsOf(from.pairs);
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
      replaced: from.replaced,
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
    usage: from.begun
      ? { promptTokens: 0, completionTokens: 0 }
      : { promptTokens: texts('promptTokens'), completionTokens: texts('completionTokens') },
    documents: {
      chains: sum(corpus, 'chains'),
      made: sum(corpus, 'documents'),
      tokens: sum(corpus, 'tokens'),
      overlong: sum(corpus, 'overlong'),
      spare: sum(corpus, 'spareDocuments'),
      spareTokens: sum(corpus, 'spareTokens'),
      mixed: mixed.documents,
      mixedTokens: mixed.tokens,
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
