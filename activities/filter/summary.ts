import type { PairKind } from '../../workflows/contract.ts';
import type { FilterReason } from './decide.ts';
import type { Measures } from './measures.ts';

/** Measures that are parts, 0 to 1. */
export const PARTS = ['grounding', 'copy', 'questionInContext', 'language'] as const;
/** Measures that are lengths in words. */
export const LENGTHS = ['questionLength', 'answerLength'] as const;
/** Bins of a part: tenths, and one for exactly 1. Upper ends of the bins of a length; the last bin has all above. */
const TENTHS = 11;
export const LENGTH_BINS: readonly number[] = [1, 2, 3, 5, 8, 12, 20, 30, 50, 100, 200];

type Tally = Record<string, number>;
/** Pairs of one kind. */
export interface KindSummary {
  pairs: number;
  kept: number;
  /** By the first reason. */
  dropped: Tally;
  /** Counts by bin, by measure; a pair of which a measure means nothing is in none of its bins. */
  histograms: Record<string, number[]>;
}
/** What the pairs of a partition, or of a run, look like: counts alone, so that summaries add up exactly in any order. */
export interface PairSummary {
  kinds: Partial<Record<PairKind, KindSummary>>;
  /** Answers that are a verdict, by verdict. */
  verdicts: Tally;
  /** Answers among options, by place: `2/4` is the second of four. */
  places: Tally;
  /** Questions by their first two words. */
  openings: Tally;
}

export const emptySummary = (): PairSummary => ({ kinds: {}, verdicts: {}, places: {}, openings: {} });

/** Counts one pair. */
export function addPair(
  summary: PairSummary,
  { kind, measures, reason }: { kind: PairKind; measures: Measures; reason: FilterReason | undefined },
): void {
  const each = kindOf(summary, kind);
  each.pairs++;
  if (reason === undefined) each.kept++;
  else add(each.dropped, reason, 1);
  for (const name of PARTS) {
    const value = measures[name];
    if (value !== null) count(each.histograms, name, TENTHS, Math.floor(value * (TENTHS - 1)));
  }
  for (const name of LENGTHS) {
    const bin = LENGTH_BINS.findIndex((end) => measures[name] <= end);
    count(each.histograms, name, LENGTH_BINS.length + 1, bin < 0 ? LENGTH_BINS.length : bin);
  }
  if (measures.verdict !== null) add(summary.verdicts, measures.verdict, 1);
  if (measures.place !== null) add(summary.places, measures.place, 1);
  add(summary.openings, measures.opening, 1);
}

/** Adds another summary to one. */
export function addSummary(sum: PairSummary, more: PairSummary): void {
  for (const [kind, from] of Object.entries(more.kinds)) {
    const to = kindOf(sum, kind as PairKind);
    to.pairs += from.pairs;
    to.kept += from.kept;
    addTally(to.dropped, from.dropped);
    for (const [name, bins] of Object.entries(from.histograms)) {
      for (const [bin, n] of bins.entries()) count(to.histograms, name, bins.length, bin, n);
    }
  }
  for (const name of ['verdicts', 'places', 'openings'] as const) addTally(sum[name], more[name]);
}

/** All kinds together. */
export function totalsOf({ kinds }: PairSummary): { pairs: number; kept: number; dropped: Tally } {
  const total = { pairs: 0, kept: 0, dropped: {} as Tally };
  for (const { pairs, kept, dropped } of Object.values(kinds)) {
    total.pairs += pairs;
    total.kept += kept;
    addTally(total.dropped, dropped);
  }
  return total;
}

/** The `n` most frequent of a tally, the most frequent first; ties by name, by code units. */
export function commonest(tally: Tally, n: number): [name: string, count: number][] {
  return Object.entries(tally)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, n);
}

function kindOf(summary: PairSummary, kind: PairKind): KindSummary {
  summary.kinds[kind] ??= { pairs: 0, kept: 0, dropped: {}, histograms: {} };
  return summary.kinds[kind];
}

function count(histograms: Record<string, number[]>, name: string, bins: number, bin: number, n = 1): void {
  histograms[name] ??= Array.from({ length: bins }, () => 0);
  const counts = histograms[name];
  counts[bin] = (counts[bin] ?? 0) + n;
}

/** Names are words of the corpus, which may be "constructor": only a tally's own are looked at. */
function add(tally: Tally, name: string, n: number): void {
  tally[name] = (Object.hasOwn(tally, name) ? (tally[name] as number) : 0) + n;
}

function addTally(sum: Tally, more: Tally): void {
  for (const [name, n] of Object.entries(more)) add(sum, name, n);
}
