import { readJson } from '../../lake/commit.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import type { Judgement } from './answer.ts';

export const FIGURES = 'judge.json';

/** What became of a pair that was sent to the judge. */
export interface Judged {
  judgement: Judgement | undefined;
  /** Why there is none: its answers could not be read, or the endpoint refused the request. */
  failed: 'unparsable' | 'refused' | undefined;
}

/** `judge.json`: what a judge says of a sample of a run's pairs, before any filter. */
export interface JudgeFigures {
  format: 'instruct-lake/judge@1';
  endpoint: string;
  model: string;
  sampled: number;
  judged: number;
  unparsable: number;
  refused: number;
  /** Judged pairs that are accurate, and that are relevant. */
  accurate: number;
  relevant: number;
  /** Judged pairs by kind of task, the most frequent first. */
  tasks: [task: string, pairs: number][];
  paper: typeof PAPER;
}

/**
 * The paper's figures for the pairs of its synthesizer, unfiltered, by a judge of its own: per cent accurate, per cent
 * relevant, kinds of task.
 */
export const PAPER = {
  general: { accuracy: 77.5, relevance: 92.9, tasks: 49 },
  biomedicine: { accuracy: 86.2, relevance: 99.4, tasks: 26 },
  finance: { accuracy: 69.8, relevance: 85.8, tasks: 41 },
} as const;

export function figuresOf(judge: { endpoint: string; model: string }, all: readonly Judged[]): JudgeFigures {
  const said = all.flatMap(({ judgement }) => judgement ?? []);
  const failed = (why: Judged['failed']): number => all.filter((each) => each.failed === why).length;
  const tasks = new Map<string, number>();
  for (const { task } of said) tasks.set(task, (tasks.get(task) ?? 0) + 1);
  return {
    format: 'instruct-lake/judge@1',
    ...judge,
    sampled: all.length,
    judged: said.length,
    unparsable: failed('unparsable'),
    refused: failed('refused'),
    accurate: said.filter(({ accuracy }) => accuracy === 1).length,
    relevant: said.filter(({ relevance }) => relevance === 1).length,
    tasks: [...tasks].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)),
    paper: PAPER,
  };
}

/** Figures that a commit or a publication names, their hash checked. */
export async function readFigures(store: ObjectStore, ref: ObjectRef): Promise<JudgeFigures> {
  return readJson<JudgeFigures>(store, ref);
}
