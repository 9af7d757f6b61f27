import { UnknownName } from '../lake/errors.ts';
import { suggest } from '../lake/nearest.ts';
import { openS3 } from '../lake/s3.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { Settings } from './settings.ts';

/** What a stage works with: the lake, the worker's settings, and whether it should stop. */
export interface Services {
  store: ObjectStore;
  settings: Settings;
  /** Throws Cancelled when the activity was cancelled; long loops call it between batches. */
  checkCancelled(): void;
}

/** Thrown inside a stage when its activity was cancelled; never seen outside. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export function openServices(settings: Settings): Services {
  return { store: openS3(settings.lake), settings, checkCancelled: () => {} };
}

/** The setting that a spec names. Throws UnknownName that lists what there is. */
export function named<T>(what: string, name: string, known: Record<string, T>): T {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found === undefined) {
    throw new UnknownName(
      `the spec names ${what} "${name}", which the worker's configuration does not define${suggest(name, Object.keys(known))}`,
    );
  }
  return found;
}
