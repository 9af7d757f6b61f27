import { onAbort } from './abort.ts';

/** What requests in flight get when those who asked are cancelled: the endpoint is at work on the answers already. */
const DRAIN_MS = 5_000;

/** A signal that aborts a while after `signal`; `end` lets go of it. */
export function laterThan(signal: AbortSignal, ms = DRAIN_MS): { signal: AbortSignal; end(): void } {
  const later = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    timer = setTimeout(() => later.abort(signal.reason), ms);
  };
  const off = onAbort(signal, wait);
  if (signal.aborted) wait();
  return {
    signal: later.signal,
    end() {
      clearTimeout(timer);
      off();
    },
  };
}
