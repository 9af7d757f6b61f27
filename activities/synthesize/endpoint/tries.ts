import { setTimeout } from 'node:timers/promises';
import { EndpointUnavailable } from '../../../lake/errors.ts';
import type { Completion } from './client.ts';

/** Waits between tries of one request, milliseconds, before the round gives up and Temporal's own retry takes over. */
const WAITS = [500, 2_000];

/** Asks again when the endpoint is briefly unavailable; a wait it asks for that is longer than ours is left to Temporal. */
export async function persist(call: () => Promise<Completion>, signal: AbortSignal): Promise<Completion> {
  for (const wait of WAITS) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof EndpointUnavailable)) throw error;
      const asked = error.context.retryAfter ?? 0;
      if (asked > WAITS.reduce((sum, each) => sum + each)) throw error;
      await setTimeout(Math.max(wait, asked), undefined, { signal });
    }
  }
  return call();
}
