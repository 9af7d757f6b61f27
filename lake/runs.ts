import { atOnce } from './at-once.ts';
import type { Output } from './commit.ts';
import { openRun, type Run } from './exchange.ts';
import type { ObjectStore } from './store.ts';

/** Exchange objects that are opened at once. */
const READS = 16;

/** Opens a committed exchange object for ranged reads. Its own checksums guard what is read of it. */
export function openCommittedRun(store: ObjectStore, { key, size }: Output): Promise<Run> {
  return openRun({ name: key, read: (start, end) => store.get(key, { range: [start, end] }) }, size);
}

/** Opens several, in order. */
export function openCommittedRuns(store: ObjectStore, outputs: readonly Output[]): Promise<Run[]> {
  return atOnce(outputs, READS, (output) => openCommittedRun(store, output));
}
