import type { Output } from '../../lake/commit.ts';
import type { Mode, RunRef } from '../../workflows/contract.ts';
import type { ContaminationCounts } from '../benchmarks/contamination.ts';
import type { IndexedSet } from '../benchmarks/index-benchmarks.ts';
import type { PairReport } from '../filter/report.ts';
import type { Forms } from '../mix/form.ts';
import type { MixedSource } from '../mix/mix.ts';
import type { BegunOn, RunPins } from '../plan/pins.ts';
import type { TokenizedCounts } from '../tokenize/documents.ts';

/** A shard by its files; keys and hashes are in the publication, sizes and hashes in the core as well. */
export interface PublishedShard {
  name: string;
  documents: number;
  tokens: number;
  bin: Output;
  idx: Output;
  /** The other files of the formats that the spec asks for, and the table of documents; publications of earlier releases have none. */
  files?: Output[];
}

/** Counts of a run from rows in to tokens out. They balance, or the run is not published. */
export interface RunCounts {
  rows: {
    planned: number;
    kept: number;
    duplicates: number;
    /** Of the duplicates, those with another text than the one that is kept. */
    nearDuplicates: number;
    /** Of the duplicates, those of a document that an earlier run has published. */
    earlierDuplicates: number;
    heldBack: number;
    rejects: number;
    /** The rejects by reason; what checks of valid texts have found has a colon in it. */
    rejectReasons: Record<string, number>;
    failed: number;
    /** Documents of earlier runs that newer versions of their sources have replaced: none of `planned`. */
    replaced: number;
  };
  /** `converted` and `raw` (of slots that the share leaves out) are texts; `prompted` and the rest count parts. */
  texts: {
    converted: number;
    raw: number;
    prompted: number;
    withPairs: number;
    linked: number;
    setAside: number;
  };
  /**
   * `dropped` pieces of answers are no pairs, for one of `reasons` each; every valid pair is kept, or filtered for one reason. `rendered`: in documents.
   */
  pairs: {
    valid: number;
    dropped: number;
    reasons: Record<string, number>;
    kept: number;
    filtered: Record<string, number>;
    rendered: number;
  };
  usage: { promptTokens: number; completionTokens: number };
  documents: {
    chains: number;
    made: number;
    tokens: number;
    overlong: number;
    /** Made for mixes that leave converted slots raw; none of `made`. */
    spare: number;
    spareTokens: number;
    mixed: number;
    mixedTokens: number;
  };
  instructions: {
    planned: number;
    documents: number;
    tokens: number;
    rejects: number;
    rejectReasons: Record<string, number>;
    failed: number;
  };
  /** Bytes of text that were tokenized, and those of them that were left to the library. */
  tokenizing: Pick<TokenizedCounts, 'tokenizedBytes' | 'slowBytes'>;
  /** What of evaluation sets was found in documents, pairs and instructions, where the spec names some. */
  contamination?: ContaminationCounts;
}

/** `contamination.json`: the evaluation sets, and what was found of them. */
export interface ContaminationReport extends ContaminationCounts {
  format: 'instruct-lake/contamination@1';
  sets: IndexedSet[];
}

/** `manifest.core.json`: what a publication is, without time, host, attempt or address; equal runs give equal bytes. */
export interface ManifestCore {
  format: 'instruct-lake/manifest.core@1';
  domain: string;
  run: string;
  /** `full`: it stands alone. `incremental`: it has deduplicated against those before it, and later ones do against it. */
  mode: Mode;
  /** Set when the pairs come from rules: the output tests the machinery and is not the paper's. */
  smokeTest: boolean;
  spec: RunPins['spec'] | Record<string, unknown>;
  pins: Omit<RunPins, 'spec' | 'domain' | 'run' | 'judge' | 'from'>;
  /** The run that it begins on: what is before `stage` in it is from there. */
  from?: Omit<BegunOn, 'inputs'>;
  sources: { name: string; objects: number; sha256: string }[];
  failedSources: { key: string; type: string }[];
  counts: RunCounts;
  /** What the pairs measure, those that were filtered too. */
  pairs: PairReport;
  /** Of each source of the mix: its tokens once, those asked and got, and how often each of them stands in it (`epochs`). */
  mix: (Omit<MixedSource, 'passes' | 'rest' | 'cut'> & { epochs: number })[];
  /** Which form of the converted slots stands in the mix. */
  forms: Forms;
  dtype: string;
  shards: {
    name: string;
    documents: number;
    tokens: number;
    bin: { size: number; sha256: string };
    idx: { size: number; sha256: string };
    files?: { name: string; size: number; sha256: string }[];
  }[];
  /** Of all shards: pairs, those whose context is not wholly in the row of their answer, documents longer than a row; and the rows. */
  rows: Record<string, number>;
}

/** `publication.json`: what the domain log names. All that is visible of a run hangs from it, each part by key and hash. */
export interface Publication extends RunRef {
  format: 'instruct-lake/publication@1';
  generation: number;
  manifest: Output;
  provenance: Output;
  /** The file of the tokenizer that the ids are of; publications of earlier releases have none. */
  tokenizer?: Output;
  /** Each dropped row and the one that it was dropped for; publications of earlier releases have none. */
  duplicates?: Output;
  /** What a judge says of a sample of the pairs, where the spec asks for one. */
  judge?: Output;
  /** What the run took of its endpoint, and by round and partition; publications of earlier releases have none. */
  ledger?: Output;
  ledgerRounds?: Output;
  /** What was found of evaluation sets, where the spec names some. */
  contamination?: Output;
  /** What joins the index of the domain with an incremental run; and which documents it replaces, where there are any. */
  segment?: Output;
  tombstones?: Output;
  shards: PublishedShard[];
}
