/**
 * What a task and its watcher share, across threads: whether the task shall stop, and how many steps it has made. A
 * task steps wherever it looks for its cancellation: between batches, and around what it asks of the store.
 */
export type Pulse = Int32Array<SharedArrayBuffer>;

const CANCELLED = 0;
const STEPS = 1;

export const openPulse = (): Pulse => new Int32Array(new SharedArrayBuffer(8));

export function step(pulse: Pulse): void {
  Atomics.add(pulse, STEPS, 1);
}
/** Compared, never counted: it wraps around. */
export const stepsOf = (pulse: Pulse): number => Atomics.load(pulse, STEPS);

export function tellToStop(pulse: Pulse): void {
  Atomics.store(pulse, CANCELLED, 1);
}
export const shallStop = (pulse: Pulse): boolean => Atomics.load(pulse, CANCELLED) !== 0;
