import type { Output } from './commit.ts';
import { openRun, type Run } from './exchange.ts';
import type { ObjectStore } from './store.ts';

/** Opens a committed exchange object for ranged reads. Its own checksums guard what is read of it. */
export function openCommittedRun(store: ObjectStore, { key, size }: Output): Promise<Run> {
  return openRun({ name: key, read: (start, end) => store.get(key, { range: [start, end] }) }, size);
}
