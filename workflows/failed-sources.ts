import type { FailedSource, LaneResult, Phase, PlannedInput, Reason } from './contract.ts';

/** Failures that are told; all of them are in the lake. */
const KEPT = 100;
/** Failures that a decision is asked with. */
const SHOWN = 20;

/** Sources of the corpus, or of all instructions: each by itself may not fail too often. */
export interface Group {
  sources: number;
  failed: number;
  /** As many as somebody has accepted. */
  accepted: number;
}
/** What a run knows of failed sources; plain data, which goes with it from execution to execution. */
export interface FailedSources {
  corpus: Group;
  instructions: Group;
  /** The first of them. */
  first: FailedSource[];
}

/** What is known once the plan is: sources whose footer cannot be read, or that lack a column. */
export function plannedFailures(inputs: readonly PlannedInput[], first: FailedSource[]): FailedSources {
  const group = (some: readonly PlannedInput[]): Group => ({
    sources: some.reduce((sum, { sources }) => sum + sources, 0),
    failed: some.reduce((sum, { failed }) => sum + failed, 0),
    accepted: 0,
  });
  return {
    corpus: group(inputs.filter(({ name }) => name === 'corpus')),
    instructions: group(inputs.filter(({ name }) => name !== 'corpus')),
    first: first.slice(0, KEPT),
  };
}

export const failedInAll = ({ corpus, instructions }: FailedSources): number =>
  corpus.failed + instructions.failed;

/** What has just become known of failed sources, with the phase and the time, unless they say these themselves. */
export function noted(failures: readonly FailedSource[], phase: Phase): FailedSource[] {
  const since = new Date(Date.now()).toISOString();
  return failures.map((failure) => ({ phase, since, ...failure }));
}

/** Keeps the first failures; a source in several partitions fails in each of them and is told once. */
export function keepFailures({ first }: FailedSources, more: readonly FailedSource[] = []): void {
  for (const failure of more) {
    if (first.length === KEPT) return;
    if (!first.some(({ key }) => key === failure.key)) first.push(failure);
  }
}

/** Of a lane, by what failed in each of its partitions: in their order, which is not the order in which they end. */
export function failedInLane(partitions: readonly (readonly string[])[]): LaneResult['failedSources'] {
  const keys = [...new Set(partitions.flat())];
  return { count: keys.length, edges: keys.length < 2 ? keys : [keys[0] as string, keys.at(-1) as string] };
}

/** Distinct sources that failed in some lanes: one that failed in two is an edge of both, as partitions are in the order of sources. */
export function distinctFailed(lanes: readonly LaneResult['failedSources'][]): number {
  const edges = new Set(lanes.flatMap((lane) => lane.edges));
  return lanes.reduce((sum, { count, edges: own }) => sum + count - own.length, edges.size);
}

/** Of all groups in which more failed than may, and than was accepted: a sentence with the first failures. */
export function tooManyFailed(failures: FailedSources, maxFraction: number): string | undefined {
  const over = (['corpus', 'instructions'] as const).flatMap((name) => {
    const { sources, failed, accepted } = failures[name];
    if (failed <= accepted || failed <= sources * maxFraction) return [];
    return [`${failed} of ${sources} ${name === 'corpus' ? '' : 'instruction '}sources failed`];
  });
  if (over.length === 0) return undefined;
  return `${over.join(' and ')}, more than maxFailedFraction = ${maxFraction} allows:\n${failureLines(failures)}`;
}

/** The first failures, a line each. */
export function failureLines(failures: FailedSources): string {
  const shown = failures.first.slice(0, SHOWN);
  const rest = failedInAll(failures) - shown.length;
  const line = ({ type, message }: Reason): string => `  - ${type}: ${message}`;
  return [...shown.map(line), ...(rest > 0 ? [`  … and ${rest} more`] : [])].join('\n');
}

/** Accepts what has failed so far. */
export function acceptFailed({ corpus, instructions }: FailedSources): void {
  for (const group of [corpus, instructions]) group.accepted = group.failed;
}

/**
 * Of a replay: an earlier generation is published without so many sources, and so may this one be. Which of the two
 * groups they were of is not known; each may have as many.
 */
export function acceptAsBefore({ corpus, instructions }: FailedSources, failedBefore: number): void {
  for (const group of [corpus, instructions]) group.accepted = failedBefore;
}
