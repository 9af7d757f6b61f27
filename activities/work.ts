import type { ObjectStore } from '../lake/store.ts';
import type { Services } from './services.ts';
import type { Endpoints } from './synthesize/endpoint/endpoints.ts';

/** What a stage on the main thread gets besides its input. */
export interface Work extends Services {
  endpoints: Endpoints;
  /** For what is to be kept of a cancelled activity: its requests go on. */
  enduring: ObjectStore;
  /** Aborts when the activity is cancelled. */
  signal: AbortSignal;
}
