const calls = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `call` when the signal aborts, unless the answer was called before. Hundreds of requests wait on one round's
 * signal: it has one listener for all of them.
 */
export function onAbort(signal: AbortSignal | undefined, call: () => void): () => void {
  if (signal === undefined) return () => {};
  let all = calls.get(signal);
  if (all === undefined) {
    const registered = new Set<() => void>();
    all = registered;
    calls.set(signal, registered);
    signal.addEventListener('abort', () => {
      for (const each of registered) each();
    });
  }
  const registered = all;
  registered.add(call);
  return () => registered.delete(call);
}

/** Resolves after so many milliseconds; rejects with the signal's reason as soon as it aborts. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      off();
      resolve();
    }, ms);
    const off = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
  });
}

/** As the promise, but for an abort, which ends the waiting at once. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const off = onAbort(signal, () => reject(signal?.reason));
    work.then(resolve, reject).finally(off);
  });
}
