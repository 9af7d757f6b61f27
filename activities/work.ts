import type { Services } from './services.ts';
import type { Endpoints } from './synthesize/endpoints.ts';

/** What a stage on the main thread gets besides its input. */
export interface Work extends Services {
  endpoints: Endpoints;
  /** Aborts when the activity is cancelled. */
  signal: AbortSignal;
}
