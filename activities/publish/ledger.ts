import type { Output } from '../../lake/commit.ts';
import { groupBy } from '../../lake/group-by.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import type { RunRef } from '../../workflows/contract.ts';
import type { EndpointPrices } from '../settings.ts';
import {
  addUsage,
  costOf,
  type Money,
  noUsage,
  requestsOf,
  USAGE_FIELDS,
  type Usage,
} from '../synthesize/usage.ts';

/** What one round of one partition took. */
export interface UsageRecord {
  partition: string;
  round: number;
  /** Entries of the round (texts and parts), and those of them that were set aside; none where it never committed. */
  prompted: number;
  setAside: number;
  /** Entries that took an answer which another entry had taken as well. */
  shared: number;
  /** Entries that took an answer of an earlier generation. */
  reused: number;
  usage: Usage;
}

/** Sums of records. Every prompted entry was answered, or shared an answer or took one of before, or was set aside. */
export interface LedgerRow extends Usage {
  prompted: number;
  setAside: number;
  shared: number;
  reused: number;
  /** All that went out: answered, failed and lost. */
  requests: number;
  /** Null without prices. */
  money: Money | null;
}

/** `ledger.json`: what a run took of its endpoint. Not canonical: attempts, time and prices are in it. */
export interface Ledger extends RunRef {
  format: 'instruct-lake/ledger@1';
  /** Name of the endpoint in the worker's configuration; null where the pairs came with the texts. */
  endpoint: string | null;
  model: string;
  /** Those of the worker that published, at that time. */
  prices: EndpointPrices | null;
  /** What a reader has to know of the figures. */
  notes: string[];
  total: LedgerRow;
  /** By number. */
  rounds: (LedgerRow & { round: number })[];
  partitions: number;
  /** Those that took the most, dearest first. */
  dearest: (LedgerRow & { partition: string })[];
  /** Prompted entries of sources that failed later: paid for, and not in the publication. */
  unpublished: number;
}

const DEAREST = 20;
export const LEDGER = 'ledger.json';
/** One row for each round of each partition. */
export const LEDGER_ROUNDS = 'ledger.parquet';
export const LEDGER_COLUMNS = [
  { name: 'partition', type: 'string', nullable: false },
  { name: 'round', type: 'int32', nullable: false },
  ...(['prompted', 'setAside', 'shared', 'reused', 'requests', ...USAGE_FIELDS] as const).map((name) => ({
    name,
    type: 'double' as const,
    nullable: false,
  })),
  { name: 'spent', type: 'double' },
] satisfies readonly ColumnSpec[];

export interface LedgerOf {
  run: RunRef;
  endpoint: string | null;
  model: string;
  prices: EndpointPrices | undefined;
  /** Entries that the publication counts; undefined where nothing is published. */
  published: number | undefined;
}

/** Adds records up, for the run, its rounds, and the partitions that took the most. */
export function ledgerOf(records: readonly UsageRecord[], about: LedgerOf): Ledger {
  const { run, endpoint, model, prices, published } = about;
  const row = (some: readonly UsageRecord[]): LedgerRow => sumOf(some, prices);
  const total = row(records);
  const partitions = groupBy(records, ({ partition }) => partition);
  const dearest = [...partitions]
    .map(([partition, some]) => ({ partition, ...row(some) }))
    .sort((a, b) => weight(b) - weight(a) || (a.partition < b.partition ? -1 : 1))
    .slice(0, DEAREST);
  const rounds = [...groupBy(records, ({ round }) => round)]
    .sort(([a], [b]) => a - b)
    .map(([round, some]) => ({ round, ...row(some) }));
  return {
    format: 'instruct-lake/ledger@1',
    domain: run.domain,
    run: run.run,
    endpoint,
    model,
    prices: prices ?? null,
    notes: notesOf(total, about),
    total,
    rounds,
    partitions: partitions.size,
    dearest,
    unpublished: published === undefined ? 0 : total.prompted - published,
  };
}

/** The rows of `ledger.parquet`, by partition and round. */
export function ledgerRows(records: readonly UsageRecord[], prices: EndpointPrices | undefined) {
  return records.map((record) => {
    const { money, ...figures } = sumOf([record], prices);
    return { partition: record.partition, round: record.round, ...figures, spent: money?.spent ?? null };
  });
}

function sumOf(records: readonly UsageRecord[], prices: EndpointPrices | undefined): LedgerRow {
  const usage = noUsage();
  const counts = { prompted: 0, setAside: 0, shared: 0, reused: 0 };
  for (const record of records) {
    addUsage(usage, record.usage);
    counts.prompted += record.prompted;
    counts.setAside += record.setAside;
    counts.shared += record.shared;
    counts.reused += record.reused;
  }
  usage.seconds = Math.round(usage.seconds * 1000) / 1000;
  const money = prices === undefined ? null : costOf(usage, prices);
  return { ...counts, requests: requestsOf(usage), ...usage, money };
}

function notesOf(total: LedgerRow, { prices, endpoint, published }: LedgerOf): string[] {
  const notes: string[] = [];
  if (prices === undefined && endpoint !== null) {
    notes.push(
      published === undefined
        ? 'No money: it is reckoned when the run is published, at the prices of the worker that does so.'
        : `No money: the configuration of the worker that published has no prices for endpoint ${endpoint}.`,
    );
  }
  if (total.lostRequests > 0) {
    notes.push(
      'Lost requests are estimated: those under way at the last chunk of each attempt that died, with the mean tokens of its round. Up to a chunk of answers may have been lost beyond them.',
    );
  }
  return notes;
}

const weight = ({ money, promptTokens, completionTokens }: LedgerRow): number =>
  money?.spent ?? promptTokens + completionTokens;

/** The two objects of a ledger in a publication. */
export interface LedgerOutputs {
  ledger: Output;
  ledgerRounds: Output;
}
