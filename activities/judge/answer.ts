import { z } from 'zod';
import { foldSpace, lowerCase } from '../../lake/unicode/normalise.ts';

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
  const object = firstObject(text);
  if (object === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(object);
  } catch {
    return undefined;
  }
  const { success, data } = Answer.safeParse(value);
  return success && data.task !== '' ? data : undefined;
}

/** From the first brace to the one that closes it; braces inside strings do not count. */
function firstObject(text: string): string | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  let depth = 0;
  let quoted = false;
  for (let i = start; i < text.length; i++) {
    const char = text[i];
    if (quoted) {
      if (char === '\\') i++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return text.slice(start, i + 1);
  }
  return undefined;
}
