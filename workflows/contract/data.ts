import type { Phase } from './run.ts';

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
/** A span, and the tokens [from, to) of the document that belong to it: those whose last byte lies in it. BOS counts as token 0. */
export interface TokenSpan extends Span {
  from: number;
  to: number;
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
  /** The phase in which it failed, and since when that is known (ISO 8601, by Temporal's clock). Runs of earlier releases say neither. */
  phase?: Phase;
  since?: string;
}
/** First detail of every failure of an activity: its family in the registry, by which workflows decide. */
export interface FailureDetail {
  family: 'input' | 'environment' | 'configuration' | 'usage' | 'internal' | 'unknown';
}
/** An item of a list of commits: what became of a partition. */
export type ListItem = ObjectRef | { failed: Reason };
