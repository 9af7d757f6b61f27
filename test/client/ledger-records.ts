import type { UsageRecord } from '../../activities/publish/ledger.ts';
import { noUsage, type Usage } from '../../activities/synthesize/usage.ts';

export const PRICES = { currency: 'EUR', prompt: 2, cached: 0.5, completion: 10 };

/** A round of a partition in which every text was answered. */
export function recordOf(
  partition: string,
  round: number,
  prompted: number,
  usage: Partial<Usage>,
): UsageRecord {
  const used = { ...noUsage(), answers: prompted, ...usage };
  return { partition, round, prompted, setAside: 0, shared: 0, reused: 0, usage: used };
}

/** Two rounds of two partitions: 12 texts, 100 prompt tokens and 50 completion tokens, as `manifestOf` counts them. */
export const sampleRecords = (): UsageRecord[] => [
  recordOf('a-1', 0, 4, { promptTokens: 30, completionTokens: 20, seconds: 2 }),
  recordOf('a-1', 1, 4, { promptTokens: 50, cachedTokens: 20, completionTokens: 20, seconds: 3.5 }),
  recordOf('b-2', 0, 2, {
    promptTokens: 8,
    completionTokens: 5,
    seconds: 1,
    lostRequests: 1,
    lostPromptTokens: 4,
  }),
  recordOf('b-2', 1, 2, {
    promptTokens: 12,
    completionTokens: 5,
    seconds: 1,
    wastedAnswers: 1,
    wastedPromptTokens: 7,
  }),
];
