/** The rules, each named by what it asks about. At most three pairs of one family are taken from a text. */
export type Family =
  | 'heading'
  | 'definition'
  | 'glossary'
  | 'relation'
  | 'acronym'
  | 'naming'
  | 'reason'
  | 'conclusion'
  | 'contrast'
  | 'likeness'
  | 'implication'
  | 'person'
  | 'year'
  | 'gap'
  | 'truth'
  | 'row'
  | 'rowChoice'
  | 'rowsAt'
  | 'listing'
  | 'entry'
  | 'kind'
  | 'membership'
  | 'completion'
  | 'topic';

/** A question that a rule found, before it is decided in which form it is asked. */
export interface Candidate {
  family: Family;
  question: string;
  /** A quotation of the folded text, several joined by semicolons, or a label. */
  answer: string;
  /** The quotations of an answer that joins several. */
  items?: readonly string[];
  /** What the text says that shows the answer; absent where it would only repeat it. */
  evidence?: string;
  /** Added behind the evidence in a rationale. */
  remark?: string;
  /** Index of the sentence; pairs about one sentence are spread. Below zero: not about one sentence. */
  sentence: number;
  /** Wrong answers of the same sort; two are enough for a choice. */
  distractors: readonly string[];
  /** All answers there are, in their usual order, where the answer is a label. */
  labels?: readonly string[];
  /** Whom or what a statement is about, as questions name it. */
  about?: string;
  /** Taken only where better ones are lacking. */
  weak?: boolean;
  /** Only asked as a choice. */
  closed?: boolean;
}

export const LABELS = ['Yes', 'No', 'Maybe', 'True', 'False'] as const;
