/** What requests in flight get when those who asked are cancelled: the endpoint is at work on the answers already. */
const DRAIN_MS = 5_000;

/** A signal that aborts a while after `signal`; `end` lets go of it. */
export function laterThan(signal: AbortSignal, ms = DRAIN_MS): { signal: AbortSignal; end(): void } {
  const later = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => later.abort(signal.reason), ms);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  return {
    signal: later.signal,
    end() {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    },
  };
}
