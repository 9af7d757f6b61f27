import type { CommitPointer, Done, ListItem, ObjectRef, RunRef } from './data.ts';
import type { ReplayRequest } from './run.ts';
import type { FailureRules, Mode } from './spec.ts';

/** What opening a run settles: names resolved, everything checked, pins written. */
export interface OpenedRun extends RunRef {
  resumed: boolean;
  /** One that was opened by an earlier release has none, and is `full`. */
  mode?: Mode;
  rounds: number;
  /** Requests in flight at most, as the spec says. */
  concurrency: number | null;
  /** The model that answers; `instruct-lake-rules` is the embedded one, a smoke test and not the paper's synthesizer. */
  model: string;
  /** Launcher of the training job, if one is wanted. */
  launcher: string | null;
  /** Whether the spec names evaluation sets; left out where it does not. */
  decontaminate?: true;
  /** Whether the spec says how old an object must be; left out where it does not. */
  aged?: true;
  /** Whether a sample of the pairs is to be judged. */
  judge: boolean;
  /** Whether this server knows our search attributes. */
  searchAttributes: boolean;
  rules: FailureRules;
  /** Which generation is made; left out for the first. */
  generation?: number;
  /** What a replay goes on from; left out where nothing is replayed, or nothing is published yet. */
  replay?: Replaying;
  /** Of a run that begins on another: what the phases that are not its own have left there. */
  begun?: Partial<Results>;
  /** Of a run that was started again after a replay: its publication stands. */
  published?: ObjectRef;
}
/** What a generation of a run left, by which a later one goes on: as far as it came. */
export interface Generation {
  plan: ObjectRef;
  /** Lists of the scans' commits. */
  scans: ObjectRef[];
  /** Lists of the documents' commits, by input. */
  documents: Lists;
  settled?: ObjectRef;
}
export interface Replaying {
  before: Generation;
  /** Sources that the generation before is published without; none where it is not published. */
  without?: number;
  request: ReplayRequest;
}
/** What each phase leaves for those behind it: references alone. */
export interface Results {
  /** Of incremental runs alone. */
  domain: Exclude<OpenedDomain, { state: 'taken' }>;
  plan: { plan: ObjectRef; inputs: PlannedInput[]; benchmarks?: ObjectRef };
  scan: ObjectRef[];
  dedupe: ObjectRef[];
  synthesize: { pairs: Lists; settled?: Settled; judged?: ObjectRef };
  template: { documents: Lists; settled?: ObjectRef };
  mix: { mix: ObjectRef; shards: number };
  exchange: Lists;
  shards: ObjectRef;
  publish: Published;
}
/** What an incremental run finds when it asks for its domain. */
export type OpenedDomain =
  /** It holds the domain, and deduplicates against what `base` names. */
  | { state: 'open'; base: ObjectRef }
  /** Another run holds it. */
  | { state: 'taken'; by: string }
  /** It has published already. */
  | { state: 'published'; publication: ObjectRef };
/** One input of the plan (the corpus, or one instruction source), and how many partitions it has. */
export interface PlannedInput {
  /** `corpus`, or `instructions-<index in mix.sources>`; of a mix of several runs `corpus-<index>` of the others. */
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
  /** Opens a run for a replay; one that has not published goes on as if it had been started again. */
  openReplay(input: { workflowId: string; replay: unknown }): Promise<OpenedRun>;
  openDomain(input: { run: RunRef; generation?: number }): Promise<OpenedDomain>;
  closeDomain(input: { run: RunRef; generation?: number }): Promise<void>;
  /**
   * `base`: what an incremental run deduplicates against; its sources are those that the base has not. `at`: the time
   * (milliseconds since 1970, by Temporal's clock) by which the age of objects is told, where the spec asks for one.
   */
  planSources(input: { run: RunRef; base?: ObjectRef; at?: number }): Promise<Planned>;
  /** The plan of a run's next generation. */
  planReplay(input: { run: RunRef; base?: ObjectRef } & Replaying): Promise<Planned>;
  /** Of runs whose spec names evaluation sets; what it leaves goes to every activity that sees texts of the mix. */
  indexBenchmarks(input: { run: RunRef }): Promise<Done>;
  saveList(input: { run: RunRef; items: ListItem[] }): Promise<ObjectRef>;
  /** `lenient`: a fault of ours fails the source in which it shows, and nothing else. */
  scanPartition(input: {
    run: RunRef;
    entry: EntryRef;
    benchmarks?: ObjectRef;
    lenient?: true;
  }): Promise<Done>;
  /** The buckets of list number `list` of the scans as one run; only where there are very many partitions. */
  combineBuckets(input: { run: RunRef; plan: ObjectRef; scans: ObjectRef[]; list: number }): Promise<Done>;
  findDuplicates(input: {
    run: RunRef;
    plan: ObjectRef;
    scans: ObjectRef[];
    /** The list of what has been combined of all scans, where it has been; `scans` is empty then. */
    combined?: ObjectRef;
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
    benchmarks?: ObjectRef;
    settled?: ObjectRef;
  }): Promise<Done>;
  templateInstructions(input: {
    run: RunRef;
    entry: EntryRef;
    benchmarks?: ObjectRef;
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
  buildSegment(input: SegmentInput): Promise<Done>;
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
/** Part `range` of the `ranges` of an incremental run's segment. */
export interface SegmentInput {
  run: RunRef;
  plan: ObjectRef;
  scans: ObjectRef[];
  verdicts: ObjectRef[];
  settled?: ObjectRef;
  range: number;
  ranges: number;
}
/** All that a publication rests on. */
export interface PublishInput {
  run: RunRef;
  /** 1 where it is left out. */
  generation?: number;
  plan: ObjectRef;
  /** The index of the evaluation sets, where the spec names some. */
  benchmarks?: ObjectRef;
  scans: ObjectRef[];
  verdicts: ObjectRef[];
  /** Where sources have failed since the verdicts. */
  settled?: ObjectRef;
  /** What a judge said of a sample of the pairs. */
  judged?: ObjectRef;
  documents: Lists;
  /** None where an incremental run keeps nothing. */
  mix?: ObjectRef;
  shards?: ObjectRef;
  /** The parts of what later ingests deduplicate against; of incremental runs alone. */
  segments?: ObjectRef[];
}

/** How busy an endpoint is, as one worker's client of it knows. */
export interface EndpointLoad {
  /** Its name in the worker's configuration. */
  endpoint: string;
  /** Requests under way, waiting for a turn, and how many may be under way just now. */
  inFlight: number;
  waiting: number;
  limit: number;
  /** Tries that were refused (429, 503) so far. */
  refused: number;
}
/** What the heartbeats of rounds say, for who watches. Nothing is decided by it. */
export interface RoundBeat {
  /** A worker process: all its rounds tell of the same clients. */
  worker: string;
  endpoints: EndpointLoad[];
}
