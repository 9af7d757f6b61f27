import type { PairKind } from '../../workflows/contract.ts';
import type { Measures } from './measures.ts';

/** The filters of a spec with their defaults: each drops pairs of its kinds alone. */
export interface Filters {
  grounding?: { min: number; kinds: readonly PairKind[] };
  copy?: { max: number; kinds: readonly PairKind[] };
  questionInContext?: { max: number; kinds: readonly PairKind[] };
  language?: { min: number; kinds: readonly PairKind[] };
  questionLength?: LengthFilter;
  answerLength?: LengthFilter;
}
interface LengthFilter {
  min?: number;
  max?: number;
  kinds: readonly PairKind[];
}

/** Why a pair is dropped: it has words of an evaluation set, repeats a question of its text, or does not pass the first of the asked filters. */
export const FILTER_REASONS = [
  'contaminated',
  'repeatedQuestion',
  'grounding',
  'copy',
  'questionInContext',
  'language',
  'questionLength',
  'answerLength',
] as const;
export type FilterReason = (typeof FILTER_REASONS)[number];

/** Whether each filter lets a pair pass; where its measure means nothing, it does. */
const TESTS = {
  grounding: (value, { min }: { min?: number; max?: number }) => value >= (min ?? 0),
  copy: (value, { max }) => value <= (max ?? 1),
  questionInContext: (value, { max }) => value <= (max ?? 1),
  language: (value, { min }) => value >= (min ?? 0),
  questionLength: within,
  answerLength: within,
} satisfies Record<keyof Filters, (value: number, limits: { min?: number; max?: number }) => boolean>;

function within(value: number, { min, max }: { min?: number; max?: number }): boolean {
  return value >= (min ?? 0) && value <= (max ?? Number.POSITIVE_INFINITY);
}

/** The first filter, in the order of `FILTER_REASONS`, that drops a pair; undefined when none of those asked for does. */
export function filteredBy(measures: Measures, kind: PairKind, filters: Filters): FilterReason | undefined {
  return FILTER_REASONS.find((name) => {
    if (name === 'contaminated' || name === 'repeatedQuestion') return false;
    const limits = filters[name];
    const value = measures[name];
    return limits?.kinds.includes(kind) && value !== null && !TESTS[name](value, limits);
  });
}
