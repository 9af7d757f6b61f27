import { pairRatios, type Spread, spreadOf } from './statistics.ts';

/** What one run of a contender gave and cost. Costs that the platform does not tell are left out. */
export interface Run {
  /** Stands for the whole output: equal digests, equal outputs. */
  digest: string;
  /** Bytes of the output, where the contender tells them. */
  outputBytes?: number | undefined;
  /** Of the whole process, its start included. */
  wallSeconds: number;
  /** Of the work alone, where the contender times it. */
  workSeconds?: number | undefined;
  /** User and system time of the process and all its descendants. */
  cpuSeconds?: number | undefined;
  /** Peak resident memory of the process and its descendants, in bytes. */
  peakBytes?: number | undefined;
}

/** One way to do the work. Each run is a process of its own, so that none warms another's heap. */
export interface Contender {
  name: string;
  run: () => Promise<Run>;
}

export interface CompareOptions {
  /** Measured repetitions of each contender. */
  runs: number;
  /** Called before each run with what is about to run. */
  note?: (line: string) => void;
}

/** The costs that are compared. */
export const COSTS = ['workSeconds', 'wallSeconds', 'cpuSeconds', 'peakBytes'] as const;
export type Cost = (typeof COSTS)[number];
export type Spreads = Partial<Record<Cost, Spread>>;

export interface Comparison {
  digest: string;
  contenders: { name: string; runs: Run[]; costs: Spreads }[];
  /** The first contender's costs divided by each other one's, pair by pair. */
  ratios: { of: string; to: string; costs: Spreads }[];
}

/** Contenders (or repetitions of one) do not give the same output: there is nothing to compare. Holds no times. */
export class OutputsDiffer extends Error {
  override name = 'OutputsDiffer';
}

/**
 * Runs the contenders in turn (A B A B …) after one unmeasured round, and compares outputs before times: the first
 * output that is not the reference's ends it all with OutputsDiffer. Throws RangeError without contenders or runs.
 */
export async function compare(
  contenders: readonly Contender[],
  { runs, note = () => {} }: CompareOptions,
): Promise<Comparison> {
  if (contenders.length === 0 || !(runs >= 1)) throw new RangeError('nothing to run');
  const rounds: Run[][] = [];
  for (let round = 0; round <= runs; round++) {
    const results: Run[] = [];
    for (const { name, run } of contenders) {
      note(round === 0 ? `${name}: warm-up` : `${name}: ${round} of ${runs}`);
      results.push(await run());
    }
    checkOutputs(contenders, results, round, rounds[0]?.[0]?.digest);
    rounds.push(results);
  }
  const digest = rounds[0]?.[0]?.digest ?? '';
  const measured = contenders.map((_, c) => rounds.slice(1).flatMap((results) => results[c] ?? []));
  const costs = measured.map((list) => (cost: Cost) => told(list, cost));
  return {
    digest,
    contenders: contenders.map(({ name }, c) => ({
      name,
      runs: measured[c] ?? [],
      costs: eachCost((cost) => costs[c]?.(cost)),
    })),
    ratios: contenders.slice(1).map(({ name }, c) => ({
      of: contenders[0]?.name ?? '',
      to: name,
      costs: eachCost((cost) => {
        const [a, b] = [costs[0]?.(cost), costs[c + 1]?.(cost)];
        return a === undefined || b === undefined ? undefined : pairRatios(a, b);
      }),
    })),
  };
}

function checkOutputs(
  contenders: readonly Contender[],
  results: readonly Run[],
  round: number,
  before: string | undefined,
): void {
  const reference = before ?? results[0]?.digest;
  if (results.every(({ digest }) => digest === reference)) return;
  const lines = results.map(({ digest }, c) => `  ${contenders[c]?.name}: ${digest}`);
  if (before !== undefined) lines.unshift(`  in the rounds before: ${before}`);
  throw new OutputsDiffer(
    `the outputs differ (${round === 0 ? 'warm-up' : `round ${round}`}), so no times are given:\n${lines.join('\n')}`,
  );
}

/** A cost of every run; undefined when one of them does not tell it. */
function told(runs: readonly Run[], cost: Cost): number[] | undefined {
  const values = runs.flatMap((run) => run[cost] ?? []);
  return values.length === runs.length ? values : undefined;
}

function eachCost(valuesOf: (cost: Cost) => readonly number[] | undefined): Spreads {
  const spreads: Spreads = {};
  for (const cost of COSTS) {
    const values = valuesOf(cost);
    if (values !== undefined) spreads[cost] = spreadOf(values);
  }
  return spreads;
}
