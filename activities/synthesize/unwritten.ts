import { setTimeout as delay } from 'node:timers/promises';
import {
  attemptOf,
  type Chunk,
  type ChunkHeader,
  chunkBody,
  chunkName,
  type Recorded,
} from './answer-chunks.ts';

export interface UnwrittenLimits {
  /** Answers of a worker that no chunk holds yet, over all its rounds, at which one is written. */
  answers: number;
  /** Milliseconds that an answer waits for others at most. */
  ms: number;
  /** Answers and characters that a worker holds while the store is away; at more it asks for no further ones. */
  mostAnswers: number;
  mostCharacters: number;
  /** Milliseconds between tries of a put that failed; the last one holds from then on. */
  waits: readonly number[];
  /** Milliseconds after which whoever waits for the store is told that it is away. */
  patience: number;
}

/**
 * A chunk is 64 answers (lake.md). Half of it is written while the other half comes in, so that what a kill may take is a
 * chunk, over all rounds of the worker.
 */
const LIMITS: UnwrittenLimits = {
  answers: 32,
  ms: 10_000,
  mostAnswers: 1_024,
  mostCharacters: 32 * 2 ** 20,
  waits: [500, 1_000, 2_000, 4_000, 8_000],
  patience: 15_000,
};

/** Where the chunks of one attempt at one round go. */
export interface AnswerLog {
  keep(answer: Recorded): void;
  /** Resolves when everything kept is written. Throws what the store throws when it stays away; the answers are held all the same. */
  flush(): Promise<void>;
  /** Resolves when there is room for another answer. Throws what the store throws when it stays away. */
  room(signal?: AbortSignal): Promise<void>;
}
export interface LogPlace {
  /** Folder of the attempt, whose last part is its id. */
  path: string;
  /** What all attempts at the same round share. */
  shared: string;
  put(key: string, body: string): Promise<unknown>;
  /** Where the attempt stands. */
  state(): Omit<ChunkHeader, 'atRisk'>;
}

/** The answers of a worker that are not in the lake yet. They outlive the attempt that got them: what is paid for is kept. */
export interface Unwritten {
  open(place: LogPlace): AnswerLog;
  /** What earlier attempts in this process at the same round still hold, as the chunks it will become. */
  heldFor(shared: string): Chunk[];
  /** Writes what is held, for as long as the patience lasts. */
  close(): Promise<void>;
}

interface Log {
  place: LogPlace;
  /** In the order in which they came. */
  held: Recorded[];
  characters: number;
  chunks: number;
  writing: boolean;
  /** The round has ended: nothing more comes, and all of it is to be written. */
  ended: boolean;
  timer: NodeJS.Timeout | undefined;
}

export function openUnwritten(changes: Partial<UnwrittenLimits> = {}): Unwritten {
  const limits = { ...LIMITS, ...changes };
  const logs = new Set<Log>();
  let waiting: (() => void)[] = [];
  /** Why the store took nothing, and since when. */
  let away: { since: number; error: unknown } | undefined;
  let closed = false;

  const sum = (of: (log: Log) => number): number => [...logs].reduce((total, log) => total + of(log), 0);
  const full = (): boolean =>
    sum(({ held }) => held.length) >= limits.mostAnswers ||
    sum(({ characters }) => characters) >= limits.mostCharacters;

  /** Writes the fullest logs until few answers are left that nobody writes. */
  function writeSome(): void {
    for (;;) {
      const idle = [...logs].filter(({ writing }) => !writing);
      if (idle.reduce((total, { held }) => total + held.length, 0) < limits.answers) return;
      const [fullest] = idle.sort((a, b) => b.held.length - a.held.length);
      if (fullest === undefined) return;
      void write(fullest);
    }
  }

  /** Writes what a log holds as its next chunk, however often that takes. Never rejects. */
  async function write(log: Log): Promise<void> {
    clearTimeout(log.timer);
    log.timer = undefined;
    if (log.writing || (log.held.length === 0 && !(log.ended && log.place.state().open > 0))) return;
    log.writing = true;
    const some = [...log.held];
    const body = chunkBody(headerOf(log, some.length), some);
    for (let failures = 0; !(await put(log, body)); failures++) {
      await delay(limits.waits[failures] ?? limits.waits.at(-1), undefined, { ref: false });
      if (closed) return;
    }
    log.chunks++;
    log.held.splice(0, some.length);
    for (const [, { text }] of some) log.characters -= text.length;
    log.writing = false;
    away = undefined;
    wake();
    if (log.held.length > 0) {
      if (log.ended) void write(log);
      else schedule(log);
    } else if (log.ended) logs.delete(log);
    writeSome();
  }
  /** The header of a chunk with so many of a log's answers. What is at risk is shared out among the rounds of the worker. */
  function headerOf(log: Log, written: number): ChunkHeader {
    const state = log.place.state();
    const inFlight = sum(({ place, ended }) => (ended ? 0 : place.state().open));
    const running = [...logs].filter(({ ended }) => !ended).length;
    const shared = (inFlight + sum(({ held }) => held.length) - written) / Math.max(1, running);
    return { ...state, atRisk: log.ended ? state.open : Math.round(shared) };
  }
  async function put({ place, chunks }: Log, body: string): Promise<boolean> {
    try {
      await place.put(`${place.path}/${chunkName(chunks)}`, body);
      return true;
    } catch (error) {
      away = { since: away?.since ?? performance.now(), error };
      wake();
      return false;
    }
  }
  function schedule(log: Log): void {
    if (log.timer === undefined && !log.writing) log.timer = setTimeout(() => void write(log), limits.ms);
  }
  function wake(): void {
    const woken = waiting;
    waiting = [];
    for (const each of woken) each();
  }

  /** Waits until `ready`; throws when the store has been away for too long. */
  async function until(ready: () => boolean, signal?: AbortSignal): Promise<void> {
    while (!ready()) {
      signal?.throwIfAborted();
      if (away !== undefined && performance.now() - away.since >= limits.patience) throw away.error;
      const done = new AbortController();
      const woken = new Promise<void>((resolve) => waiting.push(resolve));
      const tick = delay(Math.min(1_000, limits.patience), undefined, { signal: done.signal }).catch(
        () => {},
      );
      await Promise.race([woken, tick]);
      done.abort();
    }
  }

  return {
    open(place) {
      const log: Log = {
        place,
        held: [],
        characters: 0,
        chunks: 0,
        writing: false,
        ended: false,
        timer: undefined,
      };
      return {
        keep(answer) {
          logs.add(log);
          log.ended = false;
          log.held.push(answer);
          log.characters += answer[1].text.length;
          schedule(log);
          writeSome();
        },
        async flush() {
          if (!logs.has(log)) return;
          log.ended = true;
          void write(log);
          await until(() => log.held.length === 0 && !log.writing);
          logs.delete(log);
        },
        room(signal) {
          logs.add(log);
          if (full()) for (const each of logs) void write(each);
          return until(() => !full(), signal);
        },
      };
    },
    heldFor: (shared) =>
      [...logs]
        .filter(({ place, held }) => place.shared === shared && held.length > 0)
        .map((log) => ({
          attempt: attemptOf(log.place.path),
          number: log.chunks,
          header: headerOf(log, log.held.length),
          answers: [...log.held],
          damaged: 0,
        })),
    async close() {
      for (const log of logs) {
        log.ended = true;
        void write(log);
      }
      await until(() => sum(({ held }) => held.length) === 0).catch(() => {});
      closed = true;
      for (const log of logs) clearTimeout(log.timer);
    },
  };
}
