import { BadRequest, ModelNotFound } from '../../lake/errors.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import type { Pair } from '../../workflows/contract.ts';
import type { JudgePin } from '../plan/pins.ts';
import type { AnswerCache } from '../synthesize/answers.ts';
import type { Completion, EndpointClient } from '../synthesize/endpoint/client.ts';
import { concernsRequest } from '../synthesize/endpoint/refusal.ts';
import { estimateTokens } from '../synthesize/parts.ts';
import { readAnswer } from './answer.ts';
import type { Judged } from './figures.ts';
import { bodyOf, type JudgePath, questionOf } from './prompt.ts';

export interface AskDeps {
  client: Pick<EndpointClient, 'complete'>;
  answers: AnswerCache;
  pin: JudgePin;
  signal: AbortSignal;
}
/** What a judge made of a pair, and the last of what it said. */
export type Asked = Judged & { said: string; requests: number };

/**
 * Opens a judge. It is asked by chat until that is refused before any chat was answered: then the model has completions
 * alone. An answer that cannot be read is asked for once more; one that the endpoint refuses is counted.
 */
export function openJudge(deps: AskDeps): { ask(pair: Pair, text: string): Promise<Asked> } {
  let path: JudgePath | undefined;
  let finding: Promise<unknown> | undefined;

  /** The first request finds the path while the others wait for it. */
  async function complete(
    question: string,
    unread?: string,
  ): Promise<{ answer: Completion; requests: number }> {
    while (path === undefined && finding !== undefined) await finding.catch(() => {});
    if (path !== undefined) return completeBy(path, question, unread, deps);
    const first = findPath(question, unread);
    finding = first;
    try {
      return await first;
    } finally {
      finding = undefined;
    }
  }
  async function findPath(question: string, unread?: string): ReturnType<typeof completeBy> {
    let refused = 0;
    for (const each of ['/v1/chat/completions', '/v1/completions'] as const) {
      try {
        const { answer, requests } = await completeBy(each, question, unread, deps);
        path = each;
        return { answer, requests: requests + refused };
      } catch (error) {
        const unknown = error instanceof ModelNotFound || error instanceof BadRequest;
        if (each === '/v1/completions' || !unknown) throw error;
        refused++;
      }
    }
    throw new RangeError('both paths were tried');
  }
  return {
    async ask(pair, text) {
      const question = questionOf(pair, text);
      let said: string | undefined;
      let requests = 0;
      for (let tries = 0; tries < 2; tries++) {
        try {
          const made = await complete(question, said);
          requests += made.requests;
          said = made.answer.text;
        } catch (error) {
          if (!concernsRequest(error)) throw error;
          return { judgement: undefined, failed: 'refused', said: error.message, requests: requests + 1 };
        }
        const judgement = readAnswer(said);
        if (judgement !== undefined) return { judgement, failed: undefined, said, requests };
      }
      return { judgement: undefined, failed: 'unparsable', said: said ?? '', requests };
    },
  };
}

async function completeBy(
  path: JudgePath,
  question: string,
  unread: string | undefined,
  { client, answers, pin, signal }: AskDeps,
): Promise<{ answer: Completion; requests: number }> {
  const { model, newTokens: max_tokens } = pin;
  const body = { model, ...bodyOf(path, question, unread), max_tokens, temperature: 0, n: 1 };
  const id = sha256(canonicalJson({ name: 'judge', path, body }));
  const known = answers.find(id);
  if (known !== undefined) return { answer: known, requests: 0 };
  const promptTokens = estimateTokens(question) + (unread === undefined ? 0 : estimateTokens(unread));
  const call = { path, body, id, affinity: 'judge', promptTokens, maxTokens: max_tokens };
  const answer = await client.complete(call, signal);
  answers.keep(id, answer);
  return { answer, requests: answer.tries };
}
