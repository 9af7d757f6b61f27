/** A request's place among those in flight. */
export interface Ticket {
  /** How many were in flight with it when it was sent, itself among them. */
  readonly inFlight: number;
  /** How often the limit had been cut by then. */
  readonly cuts: number;
}

/**
 * How many requests one server shall have in flight. Every ticket is given back once: answered, refused for load, or
 * ended in another way that says nothing about load.
 */
export interface Limiter {
  /** 1 at least, the ceiling at most. */
  readonly limit: number;
  readonly inFlight: number;
  start(): Ticket;
  /** `work`: what the answer cost the server, in any unit that is the same for all of them (see `workOf`). */
  answered(ticket: Ticket, ms: number, work: number): void;
  /** 429 or 503. */
  refused(ticket: Ticket): void;
  ended(ticket: Ticket): void;
}

export interface LimiterOptions {
  ceiling: number;
  /** A request's deadline, milliseconds: the limit does not grow where answers take a quarter of it. */
  deadlineMs: number;
}

/** In flight at the start: as many as every inference server takes at once. */
const START = 32;
/** Of the highest rate seen, what counts as full. */
const FULL = 0.95;
/** In flight over the least that makes the server full, so that a slot that becomes free finds a request waiting. */
const ALLOWANCE = 1.15;
const SLOW_START = 2;
/** Numbers in flight that are this near to each other are one level. */
const LEVEL = 1.12;
/** Answers of a level that are kept: as many as are in flight there, within these bounds. */
const LEAST = 48;
const MOST = 512;
/** From so many on they say something. */
const ENOUGH = 8;
/** Turns between two probes, and after which what is known of a level is out of date. */
const PROBE_EVERY = 25;
const FRESH = 100;
const PROBE_UP = 1.5;
const PROBE_DOWN = 1.3;
/** What is left of the limit when the server refuses. */
const CUT = 0.9;

interface Level {
  inFlight: number;
  /** The last answers to requests that were sent at it, a ring. */
  answers: Answer[];
  next: number;
  turn: number;
  /** Through the answers, until more come. */
  line: Line | undefined;
}
interface Answer {
  ms: number;
  work: number;
}
/** Milliseconds by units of work. */
interface Line {
  base: number;
  slope: number;
}

/**
 * Finds the least number in flight at which the server does as much as it can, and stays a fifth above. A server that
 * is full does not say so: it lets requests wait, and answers them later. By Little's law, n requests in flight of which
 * one takes t for w units of work make n · w / t units a second; what that comes to at each level of n is measured, by medians
 * of single answers, so that long answers, stragglers and bursts do not matter. As long as a higher level
 * brings a higher rate the limit grows, by doubling at first; where latency grows as fast as n, it has gone too far. The
 * level below and one far above are looked at from time to time, since a server's load is not ours alone. Refusals
 * (429, 503) cut the limit at once, and let it come back in growing steps.
 *
 * No clock: a turn is about as many answers as may be in flight.
 */
export function openLimiter({ ceiling, deadlineMs }: LimiterOptions): Limiter {
  const levels = new Map<number, Level>();
  let inFlight = 0;
  let turn = 0;
  /** What latency speaks for, and what refusals leave of it. */
  let wanted = START;
  let allowed = Number.POSITIVE_INFINITY;
  let probe: number | undefined;
  let slowStart = true;
  let probeUp = true;
  let cuts = 0;
  let refusedAt = 0;
  let step = 1;
  /** Answers since the limit last changed: to requests that were sent at it, and to any. */
  let atLimit: number[] = [];
  let sinceCut = 0;
  /** Work of a request, on average. */
  let usual = 0;
  let current = bounded();

  function bounded(): number {
    return Math.max(1, Math.min(ceiling, Math.round(Math.min(probe ?? wanted, allowed))));
  }
  function settle(): void {
    current = bounded();
    atLimit = [];
  }
  function note(n: number, answer: Answer): void {
    const key = Math.round(Math.log(n) / Math.log(LEVEL));
    const level = levels.get(key) ?? { inFlight: n, answers: [], next: 0, turn, line: undefined };
    // What was measured long ago says nothing about the server as it is now.
    if (turn - level.turn > FRESH) level.answers = [];
    const kept = Math.min(MOST, Math.max(LEAST, n));
    level.next = level.answers.length < kept ? level.answers.length : (level.next + 1) % kept;
    level.answers[level.next] = answer;
    level.inFlight = n;
    level.turn = turn;
    level.line = undefined;
    levels.set(key, level);
    usual += (answer.work - usual) / (usual === 0 ? 1 : LEAST);
  }
  function rateOf(level: Level): number {
    level.line ??= lineThrough(level.answers);
    return (level.inFlight * usual) / Math.max(0.01, level.line.base + level.line.slope * usual);
  }

  function endTurn(): void {
    const slow = median(atLimit) > deadlineMs / 4;
    const known = [...levels.values()]
      .filter((level) => turn - level.turn <= FRESH && level.answers.length >= ENOUGH)
      .sort((a, b) => a.inFlight - b.inFlight);
    const rates = rising(known.map((level) => ({ value: rateOf(level), weight: level.answers.length })));
    const at = rates.findIndex((rate) => rate >= FULL * (rates.at(-1) ?? 0));
    const knee = known[at]?.inFlight;
    turn++;
    if (knee !== undefined) {
      if (knee * ALLOWANCE < current) slowStart = false;
      const next = Math.min(ceiling, Math.max(knee * (slowStart ? SLOW_START : ALLOWANCE), knee + 1));
      wanted = slow && !slowStart ? Math.min(next, wanted) : next;
      if (slow) slowStart = false;
      probe = slowStart ? undefined : probeOf(knee, at === 0, slow);
    }
    settle();
  }
  /** Where to look for one turn. Below the knee only where nothing is known: it costs what the server could have done. */
  function probeOf(knee: number, lowest: boolean, slow: boolean): number | undefined {
    if (lowest && knee > 1) return Math.min(knee - 1, knee / PROBE_DOWN);
    if (turn % PROBE_EVERY !== 0) return undefined;
    probeUp = !probeUp;
    if (!probeUp) return knee;
    return slow ? undefined : wanted * PROBE_UP;
  }

  /** The way back after refusals: quickly to near where they came from, then on in steps that double. */
  function recover(): void {
    if (allowed === Number.POSITIVE_INFINITY || ++sinceCut < allowed) return;
    sinceCut = 0;
    const missing = refusedAt - allowed;
    if (missing > 1) allowed += Math.max(1, missing / 4);
    else {
      allowed += step;
      step *= 2;
    }
    if (allowed >= ceiling) allowed = Number.POSITIVE_INFINITY;
    const before = current;
    if (bounded() !== before) settle();
  }

  return {
    get limit() {
      return current;
    },
    get inFlight() {
      return inFlight;
    },
    start: () => ({ inFlight: ++inFlight, cuts }),
    answered(ticket, ms, work) {
      inFlight--;
      note(ticket.inFlight, { ms: Math.max(ms, 0.01), work });
      recover();
      if (ticket.inFlight < current * 0.9 || ticket.inFlight > current * 1.1) return;
      atLimit.push(ms);
      if (atLimit.length >= Math.max(ENOUGH, current / 2)) endTurn();
    },
    refused(ticket) {
      inFlight--;
      // Those that were under way when the limit was cut tell nothing new.
      if (ticket.cuts < cuts) return;
      cuts++;
      refusedAt = ticket.inFlight;
      allowed = Math.max(1, Math.floor(Math.min(current, ticket.inFlight) * CUT));
      step = 1;
      sinceCut = 0;
      slowStart = false;
      probe = undefined;
      settle();
    },
    ended() {
      inFlight--;
    },
  };
}

/**
 * What a request costs a server, in new tokens: a token of the prompt that is not in its prefix cache is read in about a
 * fiftieth of the time that a new one takes.
 */
export function workOf(answer: {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
}): number {
  return 1 + answer.completionTokens + Math.max(0, answer.promptTokens - answer.cachedTokens) / 50;
}

/** A line through the medians of the short and the long answers: it does not mind stragglers. */
function lineThrough(answers: readonly Answer[]): Line {
  const sorted = [...answers].sort((a, b) => a.work - b.work);
  const third = Math.floor(sorted.length / 3);
  const of = (part: readonly Answer[], key: keyof Answer): number => median(part.map((each) => each[key]));
  const [short, long] = [sorted.slice(0, third), sorted.slice(-third)];
  const run = of(long, 'work') - of(short, 'work');
  const rise = of(long, 'ms') - of(short, 'ms');
  // Between no cost at all and all of it.
  const most = of(answers, 'ms') / of(answers, 'work');
  const slope = run > 0 ? Math.min(most, Math.max(0, rise / run)) : 0;
  return { slope, base: median(answers.map(({ ms, work }) => ms - slope * work)) };
}

/** The values as near as may be to what they were, none under the one before it (pool adjacent violators). */
function rising(values: readonly { value: number; weight: number }[]): number[] {
  const pools: { value: number; weight: number; count: number }[] = [];
  for (const each of values) {
    let pool = { ...each, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.value >= pool.value; last = pools.at(-1)) {
      pools.pop();
      const weight = last.weight + pool.weight;
      const value = (last.value * last.weight + pool.value * pool.weight) / weight;
      pool = { value, weight, count: last.count + pool.count };
    }
    pools.push(pool);
  }
  return pools.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
