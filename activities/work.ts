import type { ObjectStore } from '../lake/store.ts';
import type { Services } from './services.ts';
import type { Endpoints } from './synthesize/endpoint/endpoints.ts';
import type { Unwritten } from './synthesize/unwritten.ts';

/** What a stage on the main thread gets besides its input. */
export interface Work extends Services {
  endpoints: Endpoints;
  /** Answers of this process that the lake does not have yet. */
  unwritten: Unwritten;
  /** For what is to be kept of a cancelled activity: its requests go on. */
  enduring: ObjectStore;
  /** Says something in the worker's log, with what it was working at. */
  warn(message: string): void;
  /** Aborts when the activity is cancelled. */
  signal: AbortSignal;
}
