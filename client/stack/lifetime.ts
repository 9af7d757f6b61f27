/** What ends a command: a signal, or the death of the process that started it (npm does not hand TERM on to what it runs). */
export type Ending = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'parent';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Set for a command that shall outlive the one that started it. */
export const DETACHED = 'INSTRUCT_LAKE_DETACHED';
const PARENT = process.ppid;

export interface Lifetime {
  /** Resolves once, at the first reason to end. */
  ended: Promise<Ending>;
  /** Aborted at the same moment. */
  signal: AbortSignal;
  /** Signals do again what they do by default. */
  release: () => void;
}

/** Turns signals and the parent's death into a promise. A second signal while we close ends the process at once: guards end the servers. */
export function watchLifetime(): Lifetime {
  const abort = new AbortController();
  let resolveEnded: (ending: Ending) => void = () => {};
  const ended = new Promise<Ending>((resolve) => {
    resolveEnded = resolve;
  });
  const end = (ending: Ending) => {
    if (abort.signal.aborted) {
      if (ending !== 'parent') process.exit(INTERRUPTED);
      return;
    }
    abort.abort(new Error(`ended by ${ending === 'parent' ? 'the death of the parent process' : ending}`));
    resolveEnded(ending);
  };
  const handlers = SIGNALS.map((name) => [name, () => end(name)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  const timer = setInterval(() => {
    if (process.ppid !== PARENT) end('parent');
  }, 500);
  timer.unref();
  if (process.env[DETACHED] !== undefined) clearInterval(timer);
  return {
    ended,
    signal: abort.signal,
    release: () => {
      clearInterval(timer);
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}

export const INTERRUPTED = 130;

/** Exit code of a service (`up`, `worker`): being told to stop is its regular end, Ctrl-C is 130. */
export const serviceExit = (ending: Ending): number => (ending === 'SIGINT' ? INTERRUPTED : 0);

/**
 * For commands that do a job or serve: when the command is to end, runs `close` once (for 30 s at most) and exits the process,
 * with 130, or for a service 0 unless it was Ctrl-C. Returns what takes the watch off again.
 */
export function onShutdown(
  close: (ending: Ending) => Promise<void>,
  kind: 'job' | 'service' = 'job',
): () => void {
  const life = watchLifetime();
  void life.ended.then(async (ending) => {
    const code = kind === 'job' ? INTERRUPTED : serviceExit(ending);
    setTimeout(() => process.exit(code), 30_000).unref();
    try {
      await close(ending);
      process.exit(code);
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    }
  });
  return life.release;
}
