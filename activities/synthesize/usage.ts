import { groupBy } from '../../lake/group-by.ts';
import type { EndpointPrices } from '../settings.ts';
import type { Chunk } from './answer-chunks.ts';
import type { Completion } from './endpoint/client.ts';
import type { Entry } from './entry.ts';

/**
 * What synthesis took of an endpoint. Every field is a sum. Answers fall in two kinds, each counted once: those that texts
 * took, and wasted ones (asked for twice, or asked again because nothing of them could be read). What was sent and not
 * answered is known by its number; what a kill took with it is estimated.
 */
export interface Usage {
  answers: number;
  promptTokens: number;
  /** Of `promptTokens`, those that the server had in its prefix cache. */
  cachedTokens: number;
  completionTokens: number;
  wastedAnswers: number;
  /** Tokens of tries that failed are among them, where the client knows any. */
  wastedPromptTokens: number;
  wastedCompletionTokens: number;
  /** Requests that were refused, broken off or timed out. */
  failedRequests: number;
  /** Estimated: what was at risk at the last chunk of an attempt that died, its tokens by the mean of the others. */
  lostRequests: number;
  lostPromptTokens: number;
  lostCompletionTokens: number;
  /** Seconds that answers took, added up over requests side by side. */
  seconds: number;
}
export const USAGE_FIELDS = [
  'answers',
  'promptTokens',
  'cachedTokens',
  'completionTokens',
  'wastedAnswers',
  'wastedPromptTokens',
  'wastedCompletionTokens',
  'failedRequests',
  'lostRequests',
  'lostPromptTokens',
  'lostCompletionTokens',
  'seconds',
] as const satisfies readonly (keyof Usage)[];

export const noUsage = (): Usage =>
  Object.fromEntries(USAGE_FIELDS.map((name) => [name, 0])) as never as Usage;

export function addUsage(sum: Usage, more: Usage): void {
  for (const name of USAGE_FIELDS) sum[name] += more[name];
}

/** All requests that went out; those that a kill took with it are an estimate. */
export const requestsOf = (usage: Usage): number =>
  usage.answers + usage.wastedAnswers + usage.failedRequests + usage.lostRequests;

/** What the attempts at one round have recorded, one answer a request. */
export interface Gathered {
  answers: Map<string, Completion>;
  /** Answers to requests that had one already, of another attempt: paid for twice. */
  again: Completion[];
  failed: number;
  /** Tokens of those that failed. */
  failedTokens: number;
  lost: number;
  damaged: number;
}

/** Brings together chunks of any attempts, in any order; a chunk that comes twice counts once. */
export function gather(chunks: readonly Chunk[]): Gathered {
  const gathered: Gathered = {
    answers: new Map(),
    again: [],
    failed: 0,
    failedTokens: 0,
    lost: 0,
    damaged: 0,
  };
  const inOrder = [...groupBy(chunks, ({ attempt }) => attempt)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, own] of inOrder) {
    const seen = new Map<string, Completion>();
    let last: Chunk | undefined;
    for (const chunk of own.sort((a, b) => a.number - b.number)) {
      gathered.damaged += chunk.damaged;
      if (chunk.header !== undefined) last = chunk;
      for (const [request, answer] of chunk.answers) if (!seen.has(request)) seen.set(request, answer);
    }
    for (const [request, answer] of seen) {
      if (gathered.answers.has(request)) gathered.again.push(answer);
      else gathered.answers.set(request, answer);
    }
    if (last?.header === undefined) continue;
    const { sent, open, atRisk, wastedTokens } = last.header;
    gathered.lost += atRisk;
    gathered.failedTokens += wastedTokens;
    gathered.failed += Math.max(0, sent - open - seen.size);
  }
  return gathered;
}

/** What the recorded answers come to; `used` says which of them texts took, by their requests. */
export function usageOf(gathered: Gathered, used: (request: string) => boolean): Usage {
  const usage = noUsage();
  function waste(answer: Completion): void {
    usage.wastedAnswers++;
    usage.wastedPromptTokens += answer.promptTokens;
    usage.wastedCompletionTokens += answer.completionTokens;
  }
  for (const [request, answer] of gathered.answers) {
    if (used(request)) {
      usage.answers++;
      usage.promptTokens += answer.promptTokens;
      usage.cachedTokens += Math.min(answer.cachedTokens ?? 0, answer.promptTokens);
      usage.completionTokens += answer.completionTokens;
    } else waste(answer);
  }
  for (const answer of gathered.again) waste(answer);
  const all = [...gathered.answers.values(), ...gathered.again];
  for (const { seconds = 0, wastedTokens = 0 } of all) {
    usage.seconds += seconds;
    usage.wastedPromptTokens += wastedTokens;
  }
  usage.seconds = Math.round(usage.seconds * 1000) / 1000;
  usage.failedRequests = gathered.failed;
  usage.wastedPromptTokens += gathered.failedTokens;
  usage.lostRequests = gathered.lost;
  const mean = (of: (answer: Completion) => number): number =>
    all.reduce((sum, answer) => sum + of(answer), 0) / Math.max(1, all.length);
  usage.lostPromptTokens = Math.round(gathered.lost * mean(({ promptTokens }) => promptTokens));
  usage.lostCompletionTokens = Math.round(gathered.lost * mean(({ completionTokens }) => completionTokens));
  return usage;
}

/** What a round's commit says of its usage. */
export interface RoundUsage {
  round: number;
  usage: Usage;
  /** Entries that took an answer which another entry had taken as well: the same prompt is asked once. */
  shared: number;
  /** Answers that an earlier generation had asked for and paid. */
  reused: number;
}

/** The usage of a round whose entries are made. */
export function roundUsage(round: number, gathered: Gathered, entries: readonly Entry[]): RoundUsage {
  const answered = entries.filter(({ setAside }) => setAside === undefined);
  const used = new Set(answered.map(({ request }) => request));
  return {
    round,
    usage: usageOf(gathered, (request) => used.has(request)),
    shared: answered.length - used.size,
    reused: [...used].filter((request) => !gathered.answers.has(request)).length,
  };
}

/** Money, in units of the prices' currency. */
export interface Money {
  /** All of it, `wasted` and `lost` included. */
  spent: number;
  wasted: number;
  /** Estimated. */
  lost: number;
  /** What the prompt tokens in the server's cache would have cost beyond what they did. */
  savedByCache: number;
}

/** What usage costs. Wasted and lost prompt tokens are taken at the full price, since nothing says which were cached. */
export function costOf(usage: Usage, { prompt, cached, completion }: EndpointPrices): Money {
  const of = (promptTokens: number, completionTokens: number): number =>
    (promptTokens * prompt + completionTokens * completion) / 1e6;
  const wasted = of(usage.wastedPromptTokens, usage.wastedCompletionTokens);
  const lost = of(usage.lostPromptTokens, usage.lostCompletionTokens);
  const savedByCache = (usage.cachedTokens * (prompt - cached)) / 1e6;
  const spent = of(usage.promptTokens, usage.completionTokens) - savedByCache + wasted + lost;
  return { spent, wasted, lost, savedByCache };
}

/** Counts that a round adds to a run's progress; money in millionths, under the name of its currency. */
export function usageCounts(usage: Usage, prices: EndpointPrices | undefined): Record<string, number> {
  return {
    requests: requestsOf(usage),
    cachedTokens: usage.cachedTokens,
    wastedTokens: usage.wastedPromptTokens + usage.wastedCompletionTokens,
    failedRequests: usage.failedRequests,
    lostRequests: usage.lostRequests,
    requestSeconds: Math.round(usage.seconds),
    ...(prices === undefined
      ? {}
      : { [`${SPENT}${prices.currency}`]: Math.round(costOf(usage, prices).spent * 1e6) }),
  };
}

/** How the name of a count of money begins; its currency follows. */
export const SPENT = 'spent.';
