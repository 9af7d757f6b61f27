import type { PairKind } from './data.ts';
import type { PromptName } from './names.ts';

/** What a user writes to start `ingestDomain`. Everything optional has a default, written into the run's pins. */
export interface IngestSpec {
  $schema?: string;
  /** `[a-z0-9-]{1,40}`; must equal the domain in the workflow id. */
  domain: string;
  mode?: Mode;
  /** Set in the pins of a run that was begun on another. */
  from?: FromRun;
  input: InputSpec;
  /** Which texts are not used for what they are like. Without it all are. */
  quality?: QualitySpec;
  dedupe?: DedupeSpec;
  /** Keeps evaluation sets out of documents, pairs and instructions. Without it nothing is looked for. */
  decontaminate?: DecontaminateSpec;
  synthesize: SynthesizeSpec;
  /** Which pairs are dropped for what they measure. Without it all are measured and none dropped but repeated questions. */
  filters?: FilterSpec;
  /** Has a sample of the pairs judged. It changes no byte of a shard. */
  judge?: JudgeSpec;
  /** Name of a tokenizer in the worker's configuration: the target model's. */
  tokenizer: string;
  /** Tokens in a document at most, BOS and EOS included, unless one example alone is longer. */
  sequenceLength: number;
  mix: MixSpec;
  shards?: ShardSpec;
  train?: TrainSpec;
  /** Seed of every draw. The default is a constant. */
  seed?: string;
  /** Fraction of sources that may fail; with more of them the run parks and waits for a decision. */
  maxFailedFraction?: number;
  /** How long a parked run waits for one: a number with `s`, `m`, `h` or `d`. */
  decisionTimeout?: string;
  /** What follows when nobody decided in time: the run goes on without the sources that failed, or it fails. */
  onTimeout?: OnTimeout;
}

/**
 * What a user writes to begin a new run of `ingestDomain` on what another run of the domain has, without a request to the endpoint.
 * Everything else is as in that run.
 */
export interface FromSpec {
  $schema?: string;
  domain: string;
  from: FromRun;
  /** From `filter`. */
  filters?: FilterSpec;
  /** From `filter` or `template`. */
  tokenizer?: string;
  sequenceLength?: number;
  mix?: MixSpec;
  shards?: ShardSpec;
  train?: TrainSpec;
  maxFailedFraction?: number;
  decisionTimeout?: string;
  onTimeout?: OnTimeout;
}
/**
 * What a user writes to begin a run of `ingestDomain` on pairs that are in the lake, without a request to the endpoint: objects as
 * `instruct-lake import --pairs` makes them, of columns `context` and `pairs`, `id` and `title`.
 */
export interface PairsSpec extends Omit<IngestSpec, 'input' | 'synthesize' | 'from'> {
  from: FromPairs;
}
export interface FromPairs {
  /** Key prefix of the objects. */
  pairs: string;
  /** As in `synthesize`: 3 by default. */
  rounds?: number;
  /** 1 by default. */
  share?: number;
}
/** Input of `remix`: mixes of what a published run has. */
export interface RemixSpec extends Omit<FromSpec, 'from' | 'filters' | 'tokenizer' | 'sequenceLength'> {
  from: Omit<FromRun, 'stage'>;
  /** One mix each, instead of `mix.share`. */
  shares?: number[];
}
export interface FromRun {
  /** A published run of the same domain. */
  run: string;
  /** Further ones, whose documents are mixed as well: from stage `mix`. */
  also?: string[];
  /** The first stage that is done anew: filters of pairs, templates and tokens, or the mix. */
  stage: FromStage;
}
export const FROM_STAGES = ['filter', 'template', 'mix'] as const;
export type FromStage = (typeof FROM_STAGES)[number];

/**
 * `full`: everything under the prefix, deduplicated within itself. `incremental`: sources that no incremental publication
 * of the domain has taken, deduplicated against those as well.
 */
export type Mode = 'full' | 'incremental';

export interface InputSpec {
  /** Key prefix of the raw Parquet objects, e.g. `raw/biomed/`. */
  prefix: string;
  /** Column names. Without `id` a row is known by its place; without `title` the first line is the title. */
  id?: string;
  text: string;
  title?: string;
  /** Column of the pairs that the texts come with, for the generator `given`. */
  pairs?: string;
  /** Objects younger than this, and those that are being uploaded, are left to a later run: a number with `s`, `m`, `h` or `d`. */
  minAge?: string;
  /** Text bytes in a partition, about. Cutting differently changes no byte of the result. */
  partitionBytes?: number;
}

/** Rules that a text must pass, in this order; `true` takes the thresholds of the paper (Rae et al. 2021). */
export interface QualitySpec {
  language?: LanguageSpec;
  gopherQuality?: true | GopherQualitySpec;
  gopherRepetition?: true | GopherRepetitionSpec;
}
export interface LanguageSpec {
  /** ISO 639-3, one or more. */
  allow: string[];
  /** How well a text must read as one of them, between the language that it reads worst as (0) and best as (1); 0.9 by default. */
  minScore?: number;
}
/** Numbers of words and characters, and parts from 0 to 1. */
export interface GopherQualitySpec {
  minWords?: number;
  maxWords?: number;
  minMeanWordLength?: number;
  maxMeanWordLength?: number;
  /** Number signs for each word, and ellipses. */
  maxSymbols?: number;
  maxBulletLines?: number;
  maxEllipsisLines?: number;
  minAlphabeticWords?: number;
  /** Different ones; 0: none are looked for. */
  minStopWords?: number;
  /** The eight English ones of the paper by default. */
  stopWords?: string[];
}
/** Parts of lines, paragraphs and characters, from 0 to 1. */
export interface GopherRepetitionSpec {
  maxDuplicateLines?: number;
  maxDuplicateParagraphs?: number;
  maxDuplicateLineCharacters?: number;
  maxDuplicateParagraphCharacters?: number;
  /** Of the commonest run of two, three, four words. */
  maxTopGrams?: [number, number, number];
  /** Of repeated runs of five, six, … ten words. */
  maxDuplicateGrams?: [number, number, number, number, number, number];
}

export interface DedupeSpec {
  /** Drops near-duplicates too, not exact ones alone. */
  near?: boolean;
  /** Similarity (Jaccard, over shingles of five words) from which a document is a near-duplicate of another, 0.5 to 1. */
  threshold?: number;
  /** How similarity is told: estimated from signatures (off by 0.04 on average), or by all shingles of both documents. */
  verify?: 'estimate' | 'exact';
}

export interface DecontaminateSpec {
  sets: BenchmarkSpec[];
}
/** An evaluation set: Parquet (`.parquet`) and JSONL (`.jsonl`) objects under a prefix, an item in each row or line. */
export interface BenchmarkSpec {
  name: string;
  prefix: string;
  /** Columns or properties, or paths of them such as `answers.text`; lists are several values. One field at least. */
  fields: Partial<Record<BenchmarkField, string>>;
  /** What becomes of a text that has words of a field. Questions and answers drop, options and contexts flag, where it says nothing. */
  policy?: Partial<Record<BenchmarkField, ContaminationPolicy>>;
}
export type BenchmarkField = 'question' | 'answer' | 'options' | 'context';
/** `drop`: the text is not used. `flag`: it is, and stands in the report. */
export type ContaminationPolicy = 'drop' | 'flag';

/** Where pairs come from: asked for by the published synthesizer's tag protocol, or of any instruct model by prompts; or given. */
export type SynthesizeSpec = TagSynthesisSpec | ChatSynthesisSpec | GivenSpec;
export interface TagSynthesisSpec extends RoundsSpec {
  generator: 'instruction-synthesizer';
}
export interface ChatSynthesisSpec extends RoundsSpec {
  generator: 'chat';
  /** Prompts of the library, one of which each slot draws. Without it all. */
  prompts?: PromptName[];
}
/** Nobody is asked: `input.pairs` names the column of the pairs that each text comes with. */
export interface GivenSpec extends ChainsSpec {
  generator: 'given';
}
export interface ChainsSpec {
  /** M: texts of a chain, that are prompted one after the other. */
  rounds: number;
  /** Share of the slots that is converted, 0 to 1. */
  share: number;
}
export interface RoundsSpec extends ChainsSpec {
  /** Name of an endpoint in the worker's configuration. */
  endpoint: string;
  /** Requests of the run in flight at most, over all workers; `setConcurrency` sets another. Without it the endpoints' own limits hold. */
  concurrency?: number;
}
/** The highest ceiling that a spec or `setConcurrency` may name. */
export const MAX_CONCURRENCY = 1_000_000;

/**
 * Filters of pairs: each drops pairs of its `kinds` alone. Parts are from 0 to 1, lengths in words; a measure that means
 * nothing for a pair (grounding of "Yes") drops nothing.
 */
export interface FilterSpec {
  /** Least part of the words of answer and rationale that stand in the text. Of plain pairs, if it names no kinds. */
  grounding?: { min: number; kinds?: PairKind[] };
  /** Largest part of their runs of five words that are copied from the text. Of plain pairs, if it names no kinds. */
  copy?: { max: number; kinds?: PairKind[] };
  /** The same of the question. Of plain pairs, if it names no kinds. */
  questionInContext?: { max: number; kinds?: PairKind[] };
  /** Least of how well a pair reads as the language of its text, 1 being best. Of all kinds, if it names none. */
  language?: { min: number; kinds?: PairKind[] };
  /** Of all kinds, if it names none. */
  questionLength?: LengthFilterSpec;
  answerLength?: LengthFilterSpec;
}
export interface LengthFilterSpec {
  min?: number;
  max?: number;
  kinds?: PairKind[];
}

export interface JudgeSpec {
  /** Name of an endpoint in the worker's configuration. */
  endpoint: string;
  /** Pairs that are drawn, all pairs of the run alike; 100 by default. */
  pairs?: number;
}

/** What a mix is made of: `sources`, or a preset that stands for some. */
export interface MixSpec {
  sources?: MixSource[];
  /**
   * `general` (paper, section 3): everything once, converted texts and raw ones. `domain-adaptive` (section 4): the corpus, all of it
   * converted, and general `instructions`, 1:1 by tokens.
   */
  preset?: 'general' | 'domain-adaptive';
  instructions?: InstructionColumns;
  /** Share of the slots that is taken converted, the others as raw text: all that was synthesized where it says nothing, and never more. */
  share?: number;
  /** Takes the raw texts of converted chains as well. */
  alsoRaw?: boolean;
  /** Tokens of the whole mix, divided by weight. Without it the first source is used once and sets the total. */
  tokens?: number;
  /** Passes over a source at most; beyond it a counted shortfall. */
  maxRepeat?: number;
  /** A shortfall is an error. */
  strict?: boolean;
}
export interface InstructionColumns {
  prefix: string;
  question: string;
  answer: string;
}
/** Exactly one of them: a weight among the others (in all sources of a mix or in none), tokens, or how often all of it is taken. */
export interface Amount {
  weight?: number;
  tokens?: number;
  repeat?: number;
}
export type MixSource =
  | ({ from: 'augmented' } & Amount)
  | ({ from: 'raw' } & Amount)
  | ({ from: 'instructions' } & InstructionColumns & Amount);

export interface ShardSpec {
  /** What trainers read, beside the body of token ids that every shard has; `megatron` by default. */
  formats?: ShardFormat[];
  /** The same for one format. */
  format?: ShardFormat;
  /** Bytes of a shard's body, about. */
  bytes?: number;
  /**
   * How documents come into the rows of `parquet-ids` and `arrow`, which are of sequenceLength: `concat` (the default) one behind the other
   * and cut wherever a row ends; `bestfit` whole, with padding.
   */
  pack?: 'concat' | 'bestfit';
  /** `mixed` (the default): all sources in one order. `perSource`: each in shards of its own. */
  layout?: 'mixed' | 'perSource';
  /** Marks the tokens of answers as targets: `.mask` beside the body, and `labels` in rows. */
  mask?: boolean;
  /** Allows a mask beside formats whose usual reader does not look at it (`megatron`, `datatrove`). */
  ignoreMask?: boolean;
}
/**
 * `megatron`: `.bin`, `.idx`. `parquet-text`: documents as text, for trainers that tokenize themselves. `olmo`: `.npy`, `.csv.gz`.
 * `datatrove`: `.ds`, `.ds.index`, `.ds.metadata`. `parquet-ids` and `arrow`: rows of token ids and labels.
 */
export const SHARD_FORMATS = [
  'megatron',
  'parquet-text',
  'olmo',
  'datatrove',
  'parquet-ids',
  'arrow',
] as const;
export type ShardFormat = (typeof SHARD_FORMATS)[number];

export interface TrainSpec {
  /** Name of a launcher in the worker's configuration. */
  launcher: string;
}

export type OnTimeout = 'accept' | 'fail';
/** How a run meets failures (the spec's words for it). It steers the run and decides no byte of it. */
export interface FailureRules {
  maxFailedFraction: number;
  /** Milliseconds. */
  decisionTimeout: number;
  onTimeout: OnTimeout;
}
