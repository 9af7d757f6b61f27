import { PHASES, type Phase } from '../../workflows/contract.ts';
import type { RunState } from './run-state.ts';

/** What a phase had done when it was looked at; `at` in milliseconds since 1970. */
export interface Sample {
  at: number;
  done: number;
  counts: Readonly<Record<string, number>>;
}

/** What a watcher remembers of a run: enough to tell how fast its phase goes, and how long those before it took. */
export interface History {
  /** The execution that it is about; a run that is started again has another. */
  startedAt: string | null;
  phase: Phase | null;
  /** When the phase began, where that was seen. */
  since: number | null;
  /** Of this phase, oldest first. */
  samples: readonly Sample[];
  /** Milliseconds of the phases whose beginning and end were seen. */
  took: Readonly<Partial<Record<Phase, number>>>;
}

export const NO_HISTORY: History = { startedAt: null, phase: null, since: null, samples: [], took: {} };

/** What came before is forgotten, but for as many steps as a mean over long partitions needs. */
const WINDOW_MS = 30_000;
const STEPS = 6;
/** A rate over less time than this says nothing. */
const LEAST_MS = 2_000;
/** What fell for so long has fallen. */
const BELIEVED_MS = 10_000;
/** Nor does a guess of what is left before a part of the phase is done. */
const LEAST_FOR_LEFT_MS = 5_000;
const LEAST_PART = 0.02;

/** Adds what is known of a run at `now`. A phase begins anew, and so does a run that was started again. */
export function remember(history: History, state: RunState, now: number): History {
  const { startedAt, phase, done, counts } = state;
  const sample: Sample = { at: now, done, counts };
  if (phase === null) return history;
  const back = place(phase) < place(history.phase);
  if (startedAt !== history.startedAt || history.phase === null || back) {
    const since = phase === 'open' && startedAt !== null ? Math.min(now, Date.parse(startedAt)) : null;
    return { startedAt, phase, since, samples: [sample], took: {} };
  }
  if (phase === history.phase) return { ...history, samples: added(history.samples, sample) };
  const took: Partial<Record<Phase, number>> = { ...history.took };
  if (history.since !== null) took[history.phase] = now - history.since;
  // Those in between were over before one could look.
  for (const each of PHASES.slice(place(history.phase) + 1, place(phase))) took[each] = 0;
  return { startedAt, phase, since: now, samples: [sample], took };
}

/**
 * A lane that has closed after its parent answered is counted by neither: what fell is not believed, unless it stays so.
 */
function added(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  const fell =
    last !== undefined &&
    (sample.done < last.done ||
      Object.entries(last.counts).some(([name, count]) => (sample.counts[name] ?? 0) < count));
  if (!fell) return recent([...samples, sample]);
  return sample.at - last.at < BELIEVED_MS ? samples : [sample];
}

/** A second's worth of what `measure` measures; undefined while nothing can be said. */
export function rateOf({ samples }: History, measure: (sample: Sample) => number): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return undefined;
  const grown = measure(last) - measure(first);
  return grown > 0 ? (grown * 1000) / (last.at - first.at) : undefined;
}

/** The part of the running phase that is done, 0 to 1; undefined where nothing is known of the whole. */
export function partOf({ phase, done, total, counts, share }: RunState): number | undefined {
  return partAt({ phase, total, share }, { at: 0, done, counts });
}

/** Milliseconds that the phase will still take, going by its last steps; undefined while nothing can be said. */
export function leftOf(history: History, state: RunState): number | undefined {
  const { samples } = history;
  const part = partOf(state);
  const [first, last] = [samples[0], samples.at(-1)];
  if (part === undefined || first === undefined || last === undefined) return undefined;
  const begun = partAt(state, first) ?? 0;
  if (last.at - first.at < LEAST_FOR_LEFT_MS || part - begun < LEAST_PART || part >= 1) return undefined;
  const rate = rateOf(history, (sample) => partAt(state, sample) ?? 0);
  return rate === undefined ? undefined : ((1 - part) / rate) * 1000;
}

/** Partitions are under way side by side, and their rounds end long before they do: in synthesis, texts tell more. */
function partAt(
  { phase, total, share }: Pick<RunState, 'phase' | 'total' | 'share'>,
  { done, counts }: Sample,
): number | undefined {
  const { texts = 0, duplicates = 0, prompted = 0 } = counts;
  const expected = (texts - duplicates) * (share ?? 0);
  const units = total > 0 ? done / total : undefined;
  if (phase !== 'synthesize' || expected <= 0 || units === undefined) return units;
  // The last of them are still to be committed; and a long text is prompted in parts.
  return units === 1 ? 1 : Math.max(units, Math.min(prompted / expected, 0.99));
}

/** Samples of the last half minute, and older ones as far as they hold the last steps. */
function recent(samples: readonly Sample[]): readonly Sample[] {
  const now = samples.at(-1)?.at ?? 0;
  const steps = samples.flatMap((each, i) => (i > 0 && !alike(each, samples[i - 1]) ? [i - 1] : []));
  const young = samples.findIndex(({ at }) => now - at <= WINDOW_MS);
  const kept = samples.slice(Math.min(young, steps.at(-STEPS) ?? 0));
  // Between two that are alike, one that is like both says nothing: a phase of days stays small.
  return kept.filter((each, i) => i === 0 || i === kept.length - 1 || !alike(each, kept[i - 1], kept[i + 1]));
}

function alike(one: Sample, ...others: (Sample | undefined)[]): boolean {
  return others.every(
    (other) => other?.done === one.done && JSON.stringify(other.counts) === JSON.stringify(one.counts),
  );
}

const place = (phase: Phase | null): number => (phase === null ? -1 : PHASES.indexOf(phase));
