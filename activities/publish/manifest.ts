import type { StageCommit } from '../../lake/commit.ts';
import { sha256 } from '../../lake/hash.ts';
import { type FullSpec, withoutSteering } from '../../lake/spec.ts';
import { type FailedSource, RULES_MODEL } from '../../workflows/contract.ts';
import { reportOf } from '../filter/report.ts';
import { isCorpus } from '../plan/inputs.ts';
import type { BegunOn, RunPins } from '../plan/pins.ts';
import { dtypeFor } from '../shards/megatron.ts';
import type { InstructionData } from '../template/template-instructions.ts';
import { contaminationOf, countsOf } from './counts.ts';
import type { ManifestCore, PublishedShard } from './publication.ts';
import type { RunRecords } from './records.ts';

/** What a publication says, from what was committed alone; `replaced`: documents of earlier runs that it has tombstones of. */
export function manifestOf(pins: RunPins, records: RunRecords, replaced: number): ManifestCore {
  const { planned, failed, instructions, pairs, mix, shards } = records;
  const contamination = contaminationOf(records);
  return {
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
    sources: planned.map(({ name, sources }) => ({
      name,
      objects: sources.length,
      sha256: sha256(JSON.stringify(sources.map(({ key, etag, rows }) => [key, etag, rows]))),
    })),
    failedSources: [
      ...[...failed].sort((a, b) => a.source - b.source),
      ...unreadable(planned),
      ...failedInstructions(instructions),
    ].map(({ key, type }) => ({ key, type })),
    counts: {
      ...countsOf(records, { replaced, begun: pins.from !== undefined }),
      ...(contamination && { contamination }),
    },
    pairs: reportOf(pairs),
    mix: mix.sources.map(({ passes: _, rest: __, cut: ___, ...told }) => ({
      ...told,
      epochs: told.unique === 0 ? 0 : told.got / told.unique,
    })),
    forms: { share: mix.share, alsoRaw: mix.alsoRaw },
    dtype: dtypeFor(pins.tokenizer.highestId),
    shards: shards.map(publishedShard).map(({ name, documents, tokens, bin, idx, files }) => ({
      name,
      documents,
      tokens,
      bin: { size: bin.size, sha256: bin.sha256 },
      idx: { size: idx.size, sha256: idx.sha256 },
      files: (files ?? []).map(({ name, size, sha256 }) => ({ name, size, sha256 })),
    })),
    rows: Object.fromEntries(
      ROW_COUNTS.flatMap((name) => {
        const counted = shards.flatMap(({ counts }) => counts[name] ?? []);
        return counted.length === 0 ? [] : [[name, counted.reduce((sum, each) => sum + each, 0)]];
      }),
    ),
  };
}

/** A shard by the files that its commit names. */
export function publishedShard({ unit, outputs, counts }: StageCommit): PublishedShard {
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

/** What is told of rows of sequenceLength, whatever the formats. */
const ROW_COUNTS = [
  'shardPairs',
  'partedPairs',
  'overlongDocuments',
  'packedRows',
  'paddingTokens',
  'cutDocuments',
] as const;

const begunOn = ({ inputs: _, ...from }: BegunOn): Omit<BegunOn, 'inputs'> => from;

/** Sources of instructions that could not be planned; those of the corpus are among the failures that dedupe settled. */
const unreadable = (planned: RunRecords['planned']): FailedSource[] =>
  planned
    .filter(({ name }) => !isCorpus(name))
    .flatMap(({ sources }) => sources.flatMap(({ key, failure }) => (failure ? [{ key, ...failure }] : [])));

/** Instruction sources that failed, once each. */
function failedInstructions(commits: readonly StageCommit[]): FailedSource[] {
  const failures = commits.flatMap(({ data }) => (data as InstructionData).failures);
  return [...new Map(failures.map((failure) => [failure.key, failure])).values()];
}

/** The spec without what only spreads the work, steers it or looks at it: none of it changes a byte of what a run gives. */
function withoutExecution(spec: FullSpec): Record<string, unknown> {
  const { partitionBytes: _, minAge: ___, ...input } = spec.input;
  const { judge: __, ...rest } = withoutSteering(spec);
  return { ...rest, input };
}
