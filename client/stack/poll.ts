import { setTimeout as pause } from 'node:timers/promises';

export interface PollOptions {
  /** Milliseconds until it is given up. */
  within: number;
  /** What did not happen, for the error: "Temporal did not answer". */
  what: string;
  signal?: AbortSignal | undefined;
  every?: number;
}

/** Asks until the answer is not undefined. A probe that throws is asked again; its last error is the cause of ours. */
export async function until<T>(probe: () => Promise<T | undefined>, options: PollOptions): Promise<T> {
  const end = performance.now() + options.within;
  let cause: unknown;
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) {
      const seconds = Math.round(options.within / 1000);
      throw new Error(`${options.what} within ${seconds} s`, cause === undefined ? {} : { cause });
    }
    await pause(options.every ?? 25);
  }
}
