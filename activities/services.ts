import { UnknownName } from '../lake/errors.ts';
import { suggestOf } from '../lake/nearest.ts';
import { openS3, type S3Store } from '../lake/s3.ts';
import { steppingStore } from '../lake/stepping-store.ts';
import type { ObjectStore } from '../lake/store.ts';
import { type Pulse, shallStop, step } from './pulse.ts';
import type { Settings } from './settings.ts';

/** What a stage works with: the lake, the worker's settings, and whether it should stop. */
export interface Services {
  /** Every request looks for a cancellation first, and is broken off by one. */
  store: ObjectStore;
  settings: Settings;
  /** Throws Cancelled when the activity was cancelled; loops between requests call it once a batch, which also shows that they move. */
  checkCancelled(): void;
}
/** What all activities of a thread share. */
export interface Shared {
  store: S3Store;
  settings: Settings;
}

/** Thrown inside a stage when its activity was cancelled; never seen outside. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export function openShared(settings: Settings): Shared {
  return { store: openS3(settings.lake), settings };
}

/** The services of one activity: `pulse` tells them to stop, `signal` breaks off what waits for the store. */
export function servicesOf({ store, settings }: Shared, pulse: Pulse, signal: AbortSignal): Services {
  function checkCancelled(): void {
    step(pulse);
    if (shallStop(pulse)) throw new Cancelled('cancelled');
  }
  return { store: steppingStore(store.during(signal), checkCancelled), settings, checkCancelled };
}

/** The setting that a spec names. Throws UnknownName that lists what there is. */
export function named<T>(what: string, name: string, known: Record<string, T>): T {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) throw unknownNames([{ what, name, known }]);
  return found;
}

/** The error for names that a worker's configuration does not define: what there is of each kind, the nearest first. */
export function unknownNames(names: readonly { what: string; name: string; known: object }[]): UnknownName {
  const each = names.map(
    ({ what, name, known }) => `${what} ${JSON.stringify(name)} (${suggestOf(name, Object.keys(known))})`,
  );
  return new UnknownName(
    `the spec names what the worker's configuration does not define: ${each.join('; ')}`,
  );
}
