import { z } from 'zod';
import { foldSpace, lowerCase } from '../../lake/unicode/normalise.ts';
import { jsonOf, objectEnd } from '../json-text.ts';

/** What a judge says of a pair. */
export interface Judgement {
  accuracy: 0 | 1;
  relevance: 0 | 1;
  /** Kind of task, in the judge's words, folded. */
  task: string;
}

const TASK_CHARACTERS = 60;
const bit = z.union([z.literal(0), z.literal(1)]);
const Answer = z.object({
  accuracy: bit,
  relevance: bit,
  task: z.string().transform((text) => foldSpace(lowerCase(text)).slice(0, TASK_CHARACTERS)),
});

/**
 * Reads a judge's answer: its first JSON object, whatever stands around it (fences, a sentence). Undefined when there is
 * none, or it is not in the form that was asked for.
 */
export function readAnswer(text: string): Judgement | undefined {
  const start = text.indexOf('{');
  const end = start < 0 ? -1 : objectEnd(text, start);
  if (end < 0) return undefined;
  const { success, data } = Answer.safeParse(jsonOf(text.slice(start, end)));
  return success && data.task !== '' ? data : undefined;
}
