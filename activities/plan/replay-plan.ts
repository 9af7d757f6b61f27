import { atOnce } from '../../lake/at-once.ts';
import { type Committed, commitStage, type Output, readCommit } from '../../lake/commit.ts';
import { NothingToReplay } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { suggest } from '../../lake/nearest.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { Generation, ObjectRef, PlannedInput, ReplayRequest } from '../../workflows/contract.ts';
import { BASE } from '../segment/base.ts';
import type { Services } from '../services.ts';
import { type FailedBefore, readFailedBefore } from './failed-before.ts';
import { type InputColumns, inputsOf } from './inputs.ts';
import { type Known, openKnown } from './known.ts';
import type { PlannedSource } from './partitions.ts';
import { checkStage, type RunPins } from './pins.ts';
import { readEntryMaps, readSources } from './read-plan.ts';
import { replayEntries, shiftEntries } from './replay-entries.ts';
import { openSources } from './sources.ts';
import { writeInput } from './write-input.ts';

/** Objects asked for their ETags at once. */
const HEADS = 16;
/** Keys that a message names. */
const NAMED = 5;

/** What a replay is about: the run's last generation, whose sources are to be read again, and from which stage on. */
export interface Replay {
  before: Generation;
  request: ReplayRequest;
  /** Of incremental runs: what they deduplicate against now. */
  base?: ObjectRef;
}
/** A source that is replayed, as it stands in the plan before, and its ETag as it is now; undefined: the object is gone. */
interface Chosen {
  source: PlannedSource;
  failed: FailedBefore | undefined;
  now: { etag: string; size: number } | undefined;
}
interface ReplayedInput {
  name: string;
  columns: InputColumns;
  ignored: number;
  sources: PlannedSource[];
  chosen: Chosen[];
}

/**
 * The plan of a run's next generation: that of the one before, with the chosen sources as their objects are now. All other
 * sources, and all partitions without a chosen one, stay as they were. Throws NothingToReplay.
 */
export async function replayPlan(services: Services, pins: RunPins, replay: Replay): Promise<Committed> {
  checkStage(pins, 'plan');
  const { store } = services;
  const { before, request } = replay;
  const known = replay.base && (await openKnown(store, pins, replay.base));
  const inputs = await choose(store, pins, replay, known);
  const chosen = inputs.flatMap((input) => input.chosen);
  const replayed = chosen.filter((each) => isReplayed(each, request));
  if (replayed.length === 0) {
    throw new NothingToReplay(
      `the sources that were named are the same as when run ${pins.domain}/${pins.run} read them, and have not failed: ${keysOf(chosen)}`,
      { bucket: store.bucket },
    );
  }
  return commitStage(
    store,
    pins,
    {
      stage: 'plan',
      version: pins.stages.plan,
      unit: 'global',
      spec: {
        input: pins.spec.input,
        replayed: inputs.map(({ name, chosen }) => [name, chosen.map(({ source }) => source.key)]),
        from: request.from,
      },
      inputs: [
        before.plan,
        ...before.scans,
        ...Object.values(before.documents).flat(),
        ...(before.settled === undefined ? [] : [before.settled]),
        ...(replay.base === undefined ? [] : [replay.base]),
      ],
      etags: chosen.map(({ now }) => now?.etag ?? ''),
    },
    async (folder) => {
      const outputs: Output[] = [];
      if (known !== undefined) {
        outputs.push(await folder.put(BASE, canonicalJson(known.base), 'application/json'));
      }
      const planned: PlannedInput[] = [];
      for (const input of inputs) {
        const written = await writeInput(folder, await planInput(services, pins, replay, known, input));
        outputs.push(...written.outputs);
        planned.push(written.planned);
      }
      const sum = (of: (input: PlannedInput) => number): number =>
        planned.reduce((total, each) => total + of(each), 0);
      const counts = {
        sources: sum(({ sources }) => sources),
        unreadableSources: sum(({ failed }) => failed),
        replayedSources: replayed.length,
        renewedSources: replayed.filter(({ failed }) => failed === undefined).length,
      };
      return { outputs, counts, data: planned };
    },
  );
}

/** Whether something of a source is done anew: its object has changed, or it had failed. */
function isReplayed({ source, failed, now }: Chosen, { from }: ReplayRequest): boolean {
  if (failed !== undefined) return true;
  return (from ?? 'plan') === 'plan' && now?.etag !== source.etag;
}

async function choose(
  store: ObjectStore,
  pins: RunPins,
  { before, request }: Replay,
  known: Known | undefined,
): Promise<ReplayedInput[]> {
  const { sources: asked, from = 'plan' } = request;
  const previous = (await readCommit(store, before.plan)).data as PlannedInput[];
  const unknown = new Set(asked === 'failed' ? [] : asked);
  const all: string[] = [];
  const left: string[] = [];
  const inputs: ReplayedInput[] = [];
  for (const { name, columns } of inputsOf(pins)) {
    const sources = await readSources(store, before.plan, name);
    const failures = await readFailedBefore(store, before, name, sources);
    all.push(...sources.map(({ key }) => key));
    const named = sources.filter(({ key }) => (asked === 'failed' ? failures.has(key) : unknown.has(key)));
    if (name === 'corpus' && known !== undefined) refuseReplaced(pins, known, sources, failures, named);
    const chosen = await atOnce(named, HEADS, async (source): Promise<Chosen | undefined> => {
      const failed = failures.get(source.key);
      if (failed !== undefined) refuseLate(source.key, failed, from);
      const now = from === 'plan' ? await store.head(source.key) : source;
      if (name === 'corpus' && now !== undefined && known?.has({ key: source.key, etag: now.etag })) {
        left.push(source.key);
        return undefined;
      }
      return { source, failed, now };
    });
    const { ignored = 0 } = previous.find((input) => input.name === name) ?? {};
    const here = chosen.filter((each) => each !== undefined);
    inputs.push({ name, columns, ignored, sources, chosen: here });
  }
  for (const key of all) unknown.delete(key);
  for (const key of unknown) {
    throw new NothingToReplay(
      `run ${pins.domain}/${pins.run} has no source ${JSON.stringify(key)}${suggest(key, all.slice(0, 1_000))}; a run replays sources that it had, a new one takes new ones`,
    );
  }
  if (inputs.every(({ chosen }) => chosen.length === 0)) {
    const why =
      left.length > 0
        ? `what failed in it has been taken by later runs of its domain: ${left.slice(0, NAMED).join(', ')}`
        : 'none of its sources has failed';
    throw new NothingToReplay(`there is nothing to replay of run ${pins.domain}/${pins.run}: ${why}`);
  }
  return inputs;
}

/** Later runs of the domain may have replaced documents of this one by newer versions: then it stays as it is. Throws NothingToReplay. */
function refuseReplaced(
  { domain, run }: RunPins,
  { base, sources: taken }: Known,
  sources: readonly PlannedSource[],
  failures: ReadonlyMap<string, FailedBefore>,
  named: readonly PlannedSource[],
): void {
  const first = sources[0]?.ordinal ?? base.nextSource;
  const replayed = new Set(named.map(({ key }) => key));
  const own = new Map(sources.map(({ key, etag }) => [key, etag]));
  for (const later of taken) {
    const { key } = later;
    if (later.source < first || !own.has(key) || failures.has(key) || replayed.has(key)) continue;
    throw new NothingToReplay(
      `run ${domain}/${run} cannot be replayed any more: run ${later.run} has replaced documents of it by a newer version of ${key}. What failed in it is taken by the next incremental run of the domain`,
    );
  }
}

/** Throws NothingToReplay where a source failed before the stage from which it is to be replayed. */
function refuseLate(key: string, { stage, type }: FailedBefore, from: string): void {
  if (from === 'plan' || stage === 'later' || (stage === 'scan' && from === 'scan')) return;
  throw new NothingToReplay(
    `${key} failed in ${stage} (${type}), so that it cannot be replayed from ${from} on: leave --from out, or say --from ${stage}`,
  );
}

/** One input of the new plan. */
async function planInput(
  services: Services,
  pins: RunPins,
  { before, request }: Replay,
  known: Known | undefined,
  { name, columns, ignored, sources, chosen }: ReplayedInput,
) {
  const target = pins.spec.input.partitionBytes;
  const fresh = chosen.filter(
    ({ source, failed, now }) =>
      (request.from ?? 'plan') === 'plan' && (failed?.stage === 'plan' || now?.etag !== source.etag),
  );
  const reread = await openSources(
    services,
    columns,
    fresh.map(({ source, now }) => ({
      key: source.key,
      etag: now?.etag ?? source.etag,
      size: now?.size ?? source.size,
    })),
    0,
    target,
  );
  const placed = reread.map((each, i) => ({
    ...each,
    source: { ...each.source, ordinal: fresh[i]?.source.ordinal ?? 0 },
  }));
  // Begun again from its rows, so that what the lake holds of it may be damaged and is of no matter.
  const again = new Set(
    isEarly(request)
      ? chosen.filter(({ failed }) => failed !== undefined).map(({ source }) => source.ordinal)
      : [],
  );
  for (const { source } of placed) again.delete(source.ordinal);
  const entries = replayEntries(
    await readEntryMaps(services.store, before.plan, name),
    { reread: placed, again },
    target,
  );
  const renewed = new Map(placed.map(({ source }) => [source.ordinal, source]));
  // Where later runs have published meanwhile their documents stay, so that those of this run stand behind them.
  const first = sources[0]?.ordinal ?? 0;
  const shift = name === 'corpus' && known !== undefined ? known.base.nextSource - first : 0;
  return {
    name,
    ignored,
    entries: shiftEntries(entries, shift),
    sources: sources.map((source) => {
      const now = renewed.get(source.ordinal) ?? source;
      return { ...now, ordinal: now.ordinal + shift };
    }),
  };
}

const isEarly = ({ from = 'plan' }: ReplayRequest): boolean => from === 'plan' || from === 'scan';

const keysOf = (chosen: readonly Chosen[]): string =>
  chosen
    .slice(0, NAMED)
    .map(({ source }) => source.key)
    .join(', ');
