import type { Row } from '../../lake/parquet/rows.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import type { BenchmarkField, ContaminationPolicy } from '../../workflows/contract.ts';

/** An item of an evaluation set of which a text of ours has words. */
export interface ContaminationRow {
  benchmark: string;
  /** Raw key of the item's object and its row, from 0; in JSONL its line, from 1. */
  item: string;
  itemRow: number;
  /** Items of the set with the same words; each has a row of its own up to a hundred. */
  items: number;
  field: BenchmarkField;
  policy: ContaminationPolicy;
  source: ContaminationSource;
  /** Where our text stands: raw key and row of its source; of a pair also the id of its document and its number there. */
  key: string;
  row: number;
  document: string | null;
  pair: number | null;
  /** Different grams of the field that the text has, of how many. */
  grams: number;
  of: number;
  /** The first words that they share, folded. */
  words: string;
}
/** A text of ours: a document of the corpus, question or answer of a generated pair, or a row of the input `instructions-<n>`. */
export type ContaminationSource = 'document' | 'question' | 'answer' | `instructions-${number}`;

export const CONTAMINATION = 'contamination.parquet';
export const CONTAMINATION_COLUMNS = [
  { name: 'benchmark', type: 'string', nullable: false },
  { name: 'item', type: 'string', nullable: false },
  { name: 'itemRow', type: 'int64', nullable: false },
  { name: 'items', type: 'int32', nullable: false },
  { name: 'field', type: 'string', nullable: false },
  { name: 'policy', type: 'string', nullable: false },
  { name: 'source', type: 'string', nullable: false },
  { name: 'key', type: 'string', nullable: false },
  { name: 'row', type: 'int64', nullable: false },
  { name: 'document', type: 'string' },
  { name: 'pair', type: 'int32' },
  { name: 'grams', type: 'int32', nullable: false },
  { name: 'of', type: 'int32', nullable: false },
  { name: 'words', type: 'string', nullable: false },
] as const satisfies readonly ColumnSpec[];

export function contaminationRow(row: Row): ContaminationRow {
  return {
    benchmark: String(row.benchmark),
    item: String(row.item),
    itemRow: Number(row.itemRow),
    items: Number(row.items),
    field: String(row.field) as BenchmarkField,
    policy: String(row.policy) as ContaminationPolicy,
    source: String(row.source) as ContaminationSource,
    key: String(row.key),
    row: Number(row.row),
    document: row.document === null ? null : String(row.document),
    pair: row.pair === null ? null : Number(row.pair),
    grams: Number(row.grams),
    of: Number(row.of),
    words: String(row.words),
  };
}

/** Matches of one field of a set in one kind of our texts. */
export interface ContaminationTally {
  benchmark: string;
  field: BenchmarkField;
  source: ContaminationSource;
  policy: ContaminationPolicy;
  /** Texts with a match. */
  texts: number;
  /** Matches: different words of the field, in each text that has them. */
  matches: number;
}
/** What was found. Sums over partitions in any order are the same. */
export interface ContaminationCounts {
  /** By `document`, `pair` and `instructions-<n>`: how many of them are dropped, and how many flagged alone. */
  records: Record<string, { dropped: number; flagged: number }>;
  /** In the order of benchmark, field, source, policy. */
  matches: ContaminationTally[];
}

export function sumContamination(all: readonly ContaminationCounts[]): ContaminationCounts {
  const records: ContaminationCounts['records'] = {};
  const tallies = new Map<string, ContaminationTally>();
  for (const { records: some, matches } of all) {
    for (const [record, { dropped, flagged }] of Object.entries(some)) {
      records[record] ??= { dropped: 0, flagged: 0 };
      records[record].dropped += dropped;
      records[record].flagged += flagged;
    }
    for (const each of matches) {
      const key = JSON.stringify([each.benchmark, each.field, each.source, each.policy]);
      const sum = tallies.get(key) ?? { ...each, texts: 0, matches: 0 };
      tallies.set(key, { ...sum, texts: sum.texts + each.texts, matches: sum.matches + each.matches });
    }
  }
  const sorted = [...tallies].sort(([a], [b]) => (a < b ? -1 : 1));
  return { records, matches: sorted.map(([, tally]) => tally) };
}
