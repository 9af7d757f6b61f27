import { readFileSync } from 'node:fs';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import type { Pair } from '../../workflows/contract.ts';

const INSTRUCTIONS = readFileSync(new URL('./prompt.txt', import.meta.url), 'utf8');
const AGAIN =
  'That was not the JSON object asked for. Reply with it alone, in the form {"accuracy": 1, "relevance": 1, "task": "definition"}.';

/** SHA-256 of all that is asked besides the pair: part of the run's pins. */
export const promptDigest = (): string => sha256(canonicalJson([INSTRUCTIONS, AGAIN]));

/** What the judge is asked about a pair. The corpus stands in it as JSON strings, which it cannot end. */
export function questionOf({ question, answer, options, rationale }: Pair, text: string): string {
  return `${INSTRUCTIONS}${canonicalJson({ text, question, options, rationale, answer })}\n`;
}

export type JudgePath = '/v1/chat/completions' | '/v1/completions';
/** Body of a request but for model and limits; after an answer that did not parse, it stands in it. */
export function bodyOf(path: JudgePath, question: string, unread?: string): Record<string, unknown> {
  if (path === '/v1/completions') {
    return { prompt: unread === undefined ? question : `${question}${unread}\n\n${AGAIN}\n` };
  }
  const asked = { role: 'user', content: question };
  if (unread === undefined) return { messages: [asked] };
  return { messages: [asked, { role: 'assistant', content: unread }, { role: 'user', content: AGAIN }] };
}
