import { setTimeout as pause } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { TemporalUnavailable } from '../../lake/errors.ts';
import type { RunRef } from '../../workflows/contract.ts';
import { note } from '../print.ts';
import { workflowIdOf } from '../run-name.ts';
import type { Target } from '../target.ts';
import { jsonLine } from './format.ts';
import { type History, NO_HISTORY, remember } from './history.ts';
import { currentLine, finishedLines, renderRun } from './render.ts';
import { blank, openRunReader, type RunReader, type RunState } from './run-state.ts';
import { summaryLines } from './summary.ts';
import { terminalOf, type WatchStream } from './terminal.ts';

const POLL_MS = 500;
/** Lines for a stream that is no terminal, at most this often within a phase. */
const LINE_MS = 3_000;
/** A server that restarts under the watcher is waited for. */
const PATIENCE_MS = 60_000;

export interface WatchOptions {
  /** One JSON document a line, one for each change. */
  json?: boolean;
  /** Where it is shown; stdout by default. A terminal gets a live view. */
  stream?: WatchStream;
  /** Stops watching. Without it Ctrl-C does, and it is said how the run is cancelled. */
  signal?: AbortSignal;
}

/**
 * Shows a run until it closes, then its summary, and gives its last state. Stopping to watch leaves the run alone: the
 * state then says `interrupted`. Throws RunNotFound, and TemporalUnavailable after a minute without an answer.
 */
export async function watchRun(target: Target, run: RunRef, options: WatchOptions = {}): Promise<RunState> {
  const stop = new AbortController();
  const signal = options.signal ?? stop.signal;
  const onInterrupt = (): void => stop.abort();
  // `on`, not `once`: the live view's own exit handler ends the process when it finds itself the only listener left.
  if (options.signal === undefined) process.on('SIGINT', onInterrupt);
  const stream = options.stream ?? process.stdout;
  const view = options.json ? jsonView(stream) : stream.isTTY ? liveView(stream) : plainView(stream);
  let last = blank(run);
  try {
    const reader = await openRunReader(target, run);
    try {
      for await (const state of states(reader, signal)) {
        last = state;
        view.show(state);
      }
    } finally {
      await reader.close();
    }
  } finally {
    view.end();
    process.removeListener('SIGINT', onInterrupt);
  }
  if (signal.aborted && last.status === 'running') {
    if (options.signal === undefined) for (const line of goesOn(target, run)) note(line);
    return { ...last, interrupted: true };
  }
  if (!options.json) for (const line of summaryLines(last)) stream.write(`${line}\n`);
  return last;
}

/** States of a run, twice a second, until it is closed or watching stops. */
async function* states(reader: RunReader, signal: AbortSignal): AsyncGenerator<RunState> {
  let heard = performance.now();
  let last: RunState | undefined;
  while (!signal.aborted) {
    try {
      const state = await untilAborted(reader.read(), signal);
      if (state === undefined) return;
      heard = performance.now();
      last = state;
      yield state;
      if (state.status !== 'running') return;
    } catch (error) {
      const patient = error instanceof TemporalUnavailable && performance.now() - heard < PATIENCE_MS;
      if (!patient || last === undefined) throw error;
      yield { ...last, notes: [`${error.message}; trying again`] };
    }
    await pause(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** Ctrl-C must not wait for a server that is slow to answer. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    done.abort();
    work.catch(() => {});
  }
}

interface View {
  show(state: RunState): void;
  end(): void;
}

function liveView(stream: WatchStream): View {
  const update = createLogUpdate(stream);
  let history: History = NO_HISTORY;
  return {
    show(state) {
      const now = Date.now();
      history = remember(history, state, now);
      update(renderRun(state, { now, history, ...terminalOf(stream) }).join('\n'));
    },
    end: () => update.done(),
  };
}

/** A line for each phase that is over, and every few seconds for what changes within one. */
function plainView(stream: WatchStream): View {
  let told = 0;
  let shown = '';
  let at = Number.NEGATIVE_INFINITY;
  let history: History = NO_HISTORY;
  return {
    show(state) {
      const now = Date.now();
      history = remember(history, state, now);
      const lines = finishedLines(state, told, now, history);
      told += lines.length;
      // The elapsed time alone is no news, and neither are rates.
      const content = currentLine({ ...state, startedAt: null }, 0);
      const due = content !== shown && performance.now() - at >= LINE_MS;
      if (due && state.status === 'running' && state.phase !== 'done') {
        shown = content;
        lines.push(currentLine(state, now, history));
      }
      if (lines.length > 0) at = performance.now();
      for (const line of lines) stream.write(`${line}\n`);
    },
    end: () => {},
  };
}

function jsonView(stream: WatchStream): View {
  let shown = '';
  return {
    show(state) {
      const line = jsonLine(state);
      if (line === shown) return;
      shown = line;
      stream.write(`${line}\n`);
    },
    end: () => {},
  };
}

function goesOn({ connection, namespace }: Target, run: RunRef): string[] {
  const id = workflowIdOf(run);
  return [
    `No longer watching; the run goes on. Look again with: instruct-lake status ${run.domain}/${run.run} --watch`,
    `Cancel it with: temporal workflow cancel --address ${connection.address} --namespace ${namespace} --workflow-id ${id}`,
  ];
}
