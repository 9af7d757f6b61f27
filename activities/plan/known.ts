import { readJson } from '../../lake/commit.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { type Base, liveSources, readSegments } from '../segment/base.ts';
import { checkBase } from '../segment/check-base.ts';
import type { SegmentSource } from '../segment/segment.ts';
import type { RunPins } from './pins.ts';

/** What an incremental run finds in its domain. */
export interface Known {
  base: Base;
  /** What the domain's live publications have taken. */
  sources: SegmentSource[];
  /** Whether one of them has taken an object: the same key with another ETag is another source. */
  has(object: Pick<ListedObject, 'key' | 'etag'>): boolean;
}

/** Opens the base of an incremental run. Throws PinMismatch. */
export async function openKnown(store: ObjectStore, pins: RunPins, ref: ObjectRef): Promise<Known> {
  const base = await readJson<Base>(store, ref);
  const opened = await readSegments(store, base);
  checkBase(opened, pins);
  const sources = await liveSources(store, base, opened);
  const taken = new Map<string, Set<string>>();
  for (const { key, etag } of sources) taken.set(key, (taken.get(key) ?? new Set()).add(etag));
  return { base, sources, has: ({ key, etag }) => taken.get(key)?.has(etag) === true };
}
