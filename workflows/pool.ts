import { isCancellation } from '@temporalio/workflow';

/**
 * Runs `task` for 0 … n-1, at most `width` at a time, and gives the results in order. The first failure ends it; a
 * cancellation ends when all that ran have ended, so that whoever starts the same again meets nobody at work.
 */
export async function inParallel<T>(n: number, width: number, task: (i: number) => Promise<T>): Promise<T[]> {
  const results: T[] = new Array(n);
  let next = 0;
  async function take(): Promise<void> {
    while (next < n) {
      const i = next++;
      results[i] = await task(i);
    }
  }
  const running = Array.from({ length: Math.min(width, n) }, take);
  try {
    await Promise.all(running);
  } catch (error) {
    if (isCancellation(error)) await Promise.allSettled(running);
    throw error;
  }
  return results;
}

/** Adds counts by name, or takes them away. */
export function addCounts(sum: Record<string, number>, more: Record<string, number>, sign: 1 | -1 = 1): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + sign * count;
}
