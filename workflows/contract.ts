/**
 * Every name and type that crosses a boundary: between users, workflows, activities, commands and other programs.
 * Plain types only: workflow code may import nothing heavier.
 */

/** Task queues: one for workflows, one for each kind of resource an activity needs. */
export const QUEUES = {
  workflows: 'instruct-lake',
  io: 'instruct-lake-io',
  gpu: 'instruct-lake-gpu',
  cpu: 'instruct-lake-cpu',
  train: 'instruct-lake-train',
} as const;
export type Role = keyof typeof QUEUES;

/** The model id of the embedded endpoint. What it answers is a smoke test of the machinery and says so wherever it shows. */
export const RULES_MODEL = 'instruct-lake-rules';

/** The prompts of the library for chat models (`activities/synthesize/generators/prompts/<name>.md`). */
export const PROMPTS = ['question-answer', 'faq', 'table', 'tutorial', 'maths'] as const;
export type PromptName = (typeof PROMPTS)[number];

/** Search attributes that `ingestDomain` sets where the server knows them, as the Temporal CLI writes their types. */
export const SEARCH_ATTRIBUTES = {
  Domain: 'Keyword',
  Run: 'Keyword',
  Phase: 'Keyword',
  FailedPartitions: 'Int',
} as const;

/** What a user writes to start `ingestDomain`. Everything optional has a default, written into the run's pins. */
export interface IngestSpec {
  $schema?: string;
  /** `[a-z0-9-]{1,40}`; must equal the domain in the workflow id. */
  domain: string;
  /** `full`: everything under the prefix, deduplicated within itself. */
  mode?: 'full';
  input: InputSpec;
  dedupe?: DedupeSpec;
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

export interface InputSpec {
  /** Key prefix of the raw Parquet objects, e.g. `raw/biomed/`. */
  prefix: string;
  /** Column names. Without `id` a row is known by its place; without `title` the first line is the title. */
  id?: string;
  text: string;
  title?: string;
  /** Text bytes in a partition, about. Cutting differently changes no byte of the result. */
  partitionBytes?: number;
}

export interface DedupeSpec {
  /** Drops near-duplicates too, not exact ones alone. */
  near?: boolean;
  /** Similarity (Jaccard, over shingles of five words) from which a document is a near-duplicate of another, 0.5 to 1. */
  threshold?: number;
}

/** How pairs are asked for: by the published synthesizer's tag protocol, or of any instruct model by prompts. */
export type SynthesizeSpec = TagSynthesisSpec | ChatSynthesisSpec;
export interface TagSynthesisSpec extends RoundsSpec {
  generator: 'instruction-synthesizer';
}
export interface ChatSynthesisSpec extends RoundsSpec {
  generator: 'chat';
  /** Prompts of the library, one of which each slot draws. Without it all. */
  prompts?: PromptName[];
}
export interface RoundsSpec {
  /** Name of an endpoint in the worker's configuration. */
  endpoint: string;
  /** M: texts of a chain that are prompted one after the other. */
  rounds: number;
  /** Share of the slots that is converted, 0 to 1. */
  share: number;
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

export interface MixSpec {
  sources: MixSource[];
  /** Tokens of the whole mix. Without it the first source is used once and sets the total. */
  tokens?: number;
  /** Passes over a source at most; beyond it a counted shortfall. */
  maxRepeat?: number;
  /** A shortfall is an error. */
  strict?: boolean;
}
export type MixSource =
  | { from: 'augmented'; weight: number }
  | { from: 'raw'; weight: number }
  | { from: 'instructions'; prefix: string; question: string; answer: string; weight: number };

export interface ShardSpec {
  format?: 'megatron';
  /** Bytes of a shard's body, about. */
  bytes?: number;
}

export interface TrainSpec {
  /** Name of a launcher in the worker's configuration. */
  launcher: string;
}

/** One instruction–response pair, structured from parsing on. */
export interface Pair {
  question: string;
  answer: string;
  kind: PairKind;
  options?: string[];
  rationale?: string;
}
export type PairKind = 'plain' | 'option' | 'cot' | 'option-cot';

/** A byte range [start, end) of a document's UTF-8 and what stands there. */
export interface Span {
  kind: 'context' | 'question' | 'rationale' | 'answer';
  start: number;
  end: number;
}

/** A run, by the two names that its workflow id `ingest/<domain>/<run>` gives it. */
export interface RunRef {
  domain: string;
  run: string;
}
/** An object of the lake, by key and hash: what history carries instead of content. */
export interface ObjectRef {
  key: string;
  /** SHA-256 of its bytes, 64 hex digits. */
  sha256: string;
}
/** A commit; or, with `at`, item number `at` of the list that the object holds. */
export interface CommitPointer extends ObjectRef {
  at?: number;
}

/** The phases of `ingestDomain`, in order. */
export const PHASES = [
  'open',
  'plan',
  'scan',
  'dedupe',
  'synthesize',
  'template',
  'mix',
  'exchange',
  'shards',
  'publish',
  'train',
  'done',
] as const;
export type Phase = (typeof PHASES)[number];
/** The phases that run once for each partition, in lanes. */
export type PartitionPhase = 'scan' | 'synthesize' | 'template' | 'exchange';

export type OnTimeout = 'accept' | 'fail';
/** How a run meets failures (the spec's words for it). It steers the run and decides no byte of it. */
export interface FailureRules {
  maxFailedFraction: number;
  /** Milliseconds. */
  decisionTimeout: number;
  onTimeout: OnTimeout;
}

/** What a stage did, in the few bytes that history may carry. */
export interface Done {
  ref: ObjectRef;
  counts: Record<string, number>;
  failures?: FailedSource[];
}
/** Why something failed: name and message of the error class. */
export interface Reason {
  type: string;
  message: string;
}
export interface FailedSource extends Reason {
  key: string;
}
/** First detail of every failure of an activity: its family in the registry, by which workflows decide. */
export interface FailureDetail {
  family: 'input' | 'environment' | 'configuration' | 'usage' | 'internal' | 'unknown';
}
/** An item of a list of commits: what became of a partition. */
export type ListItem = ObjectRef | { failed: Reason };

/** What opening a run settles: names resolved, everything checked, pins written. */
export interface OpenedRun extends RunRef {
  resumed: boolean;
  rounds: number;
  /** Requests in flight at most, as the spec says. */
  concurrency: number | null;
  /** The model that answers; `instruct-lake-rules` is the embedded one, a smoke test and not the paper's synthesizer. */
  model: string;
  /** Launcher of the training job, if one is wanted. */
  launcher: string | null;
  /** Whether a sample of the pairs is to be judged. */
  judge: boolean;
  /** Whether this server knows our search attributes. */
  searchAttributes: boolean;
  rules: FailureRules;
}
/** One input of the plan (the corpus, or one instruction source), and how many partitions it has. */
export interface PlannedInput {
  /** `corpus`, or `instructions-<index in mix.sources>`. */
  name: string;
  entries: number;
  sources: number;
  rows: number;
  failed: number;
  /** Objects under the prefix that are not Parquet by name. */
  ignored: number;
}
export interface Planned extends Done {
  inputs: PlannedInput[];
}
/** Entry `index` of an input's plan. */
export interface EntryRef {
  plan: ObjectRef;
  input: string;
  index: number;
}
/** For each input by name: the lists of its partitions' commits, one per lane. */
export type Lists = Record<string, ObjectRef[]>;

/** The sources that have failed since the verdicts, in an object; and how many have failed in all. */
export interface Settled extends Done {
  corpus: number;
  instructions: number;
}
export interface Mixed extends Done {
  shards: number;
}
export interface Published extends Done {
  /** The object that the domain log names. */
  publication: ObjectRef;
  logEntry: number;
}
export interface TrainingRef extends RunRef {
  launcher: string;
  /** Hash of publication, launcher and relaunch number. */
  name: string;
  publication: ObjectRef;
}
export interface Trained {
  name: string;
  seconds: number;
  metrics: Record<string, number>;
  /** Where the job left its results, as its launcher names it. */
  output: string;
}

/** Every activity: name, input, result. Inputs are references; content stays on S3. */
export interface Activities {
  openRun(input: { workflowId: string; spec: unknown }): Promise<OpenedRun>;
  planSources(input: { run: RunRef }): Promise<Planned>;
  saveList(input: { run: RunRef; items: ListItem[] }): Promise<ObjectRef>;
  /** `lenient`: a fault of ours fails the source in which it shows, and nothing else. */
  scanPartition(input: { run: RunRef; entry: EntryRef; lenient?: true }): Promise<Done>;
  findDuplicates(input: {
    run: RunRef;
    plan: ObjectRef;
    scans: ObjectRef[];
    range: number;
    ranges: number;
  }): Promise<Done>;
  decideDuplicates(input: {
    run: RunRef;
    plan: ObjectRef;
    scans: ObjectRef[];
    edges: ObjectRef[];
  }): Promise<Done>;
  synthesizeRound(input: {
    run: RunRef;
    entry: EntryRef;
    round: number;
    previous: CommitPointer;
    verdicts: ObjectRef[];
    /** Requests in flight at most; the endpoint's own limit holds as well. It decides no byte. */
    concurrency?: number;
  }): Promise<Done>;
  judgePairs(input: { run: RunRef; pairs: ObjectRef[]; settled?: ObjectRef }): Promise<Done>;
  templatePartition(input: {
    run: RunRef;
    entry: EntryRef;
    previous: CommitPointer;
    verdicts: ObjectRef[];
    settled?: ObjectRef;
  }): Promise<Done>;
  templateInstructions(input: {
    run: RunRef;
    entry: EntryRef;
    lenient?: true;
    settled?: ObjectRef;
  }): Promise<Done>;
  settleFailures(input: SettleInput): Promise<Settled>;
  mixSources(input: { run: RunRef; documents: Lists }): Promise<Mixed>;
  exchangePartition(input: {
    run: RunRef;
    documents: CommitPointer;
    mix: ObjectRef;
    input: string;
  }): Promise<Done>;
  buildShard(input: { run: RunRef; mix: ObjectRef; exchanges: Lists; shard: number }): Promise<Done>;
  publishRun(input: PublishInput): Promise<Published>;
  resolveTraining(input: { run: RunRef; launcher: string }): Promise<TrainingRef>;
  launchTraining(input: TrainingRef): Promise<void>;
  watchTraining(input: TrainingRef): Promise<Trained>;
  cancelTraining(input: TrainingRef): Promise<void>;
}
/** Where partitions and sources may have failed since the verdicts: in the lists of these passes over all partitions. */
export interface SettleInput {
  run: RunRef;
  plan: ObjectRef;
  scans: ObjectRef[];
  verdicts: ObjectRef[];
  passes: Lists[];
}
/** All that a publication rests on. */
export interface PublishInput {
  run: RunRef;
  plan: ObjectRef;
  scans: ObjectRef[];
  verdicts: ObjectRef[];
  /** Where sources have failed since the verdicts. */
  settled?: ObjectRef;
  /** What a judge said of a sample of the pairs. */
  judged?: ObjectRef;
  documents: Lists;
  mix: ObjectRef;
  shards: ObjectRef;
}

/** Input of a lane: entries [from, to) of one input in one phase, and what that phase needs of the phases before. */
export interface LaneInput {
  run: RunRef;
  phase: PartitionPhase;
  plan: ObjectRef;
  input: string;
  from: number;
  to: number;
  /** Commits of the same entries in the phase before. */
  before?: ObjectRef;
  verdicts?: ObjectRef[];
  settled?: ObjectRef;
  rounds?: number;
  mix?: ObjectRef;
  /** Where the run is paused or has a ceiling; the signal `setLimits` brings others. */
  limits?: LaneLimits;
}
/** What a lane may do now; null: as much as its workers can. */
export interface LaneLimits {
  paused: boolean;
  /** Requests in flight at most. */
  concurrency: number | null;
  /** Rounds under way at once at most. */
  rounds: number | null;
}
/** Signal `setLimits` of a lane. Where it takes something away, `confirm` is to be told to the parent once nothing of it is used any more. */
export interface SetLimits extends LaneLimits {
  confirm?: number;
}
/** Signal `confirmLimits` of a run, from the lane with that workflow id. */
export interface ConfirmLimits {
  lane: string;
  confirm: number;
}
export interface LaneResult {
  list: ObjectRef;
  counts: Record<string, number>;
  /** The first hundred. */
  failures: FailedSource[];
  /** How many sources failed. Only the first and the last of them (`edges`) can have failed in other lanes as well. */
  failedSources: { count: number; edges: string[] };
  failedPartitions: number;
}

/** Answer of the query `progress`. Lanes that run have more to add: ask each for its own `progress`. */
export interface Progress {
  phase: Phase;
  done: number;
  total: number;
  counts: Record<string, number>;
  /** Workflow ids of running children. */
  lanes: string[];
  model?: string;
  /** What the run waits for a person to decide; the search attribute `Phase` reads `parked` meanwhile. */
  parked: Parked | null;
  /** Nothing new is started until `resume`; the search attribute `Phase` reads `paused` meanwhile. */
  paused: boolean;
  /** Requests in flight at most; null: what the endpoints' own limits allow. */
  concurrency: number | null;
}
/** Updates `pause` and `setConcurrency` return what holds from now on. */
export type Control = Pick<Progress, 'paused' | 'concurrency'>;
/** Input of the update `setConcurrency`; null takes the ceiling away. */
export interface SetConcurrency {
  concurrency: number | null;
}
/** A run that waits for a decision. Times are ISO 8601, by Temporal's clock. */
export interface Parked extends Reason {
  phase: Phase;
  since: string;
  until: string;
  onTimeout: OnTimeout;
  /** The updates that end it. */
  decisions: Decision[];
}
/**
 * `acceptPartial`: go on without the sources that have failed so far. `resume`: try again what failed, now that the
 * configuration is mended; it ends a pause as well, and gives null where that was all.
 */
export type Decision = 'acceptPartial' | 'resume';
/** Answer of the query `failures`: the first hundred. */
export interface Failures {
  total: number;
  sources: FailedSource[];
}
export interface IngestResult extends RunRef {
  publication: ObjectRef;
  counts: Record<string, number>;
  training: Trained | null;
}
export interface TrainInput extends RunRef {
  launcher: string;
}
