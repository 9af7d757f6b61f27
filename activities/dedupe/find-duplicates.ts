import {
  type AttemptFolder,
  commitStage,
  type Output,
  outputOf,
  type StageCommit,
} from '../../lake/commit.ts';
import { keyRange, mergeRuns, openRunWriter } from '../../lake/exchange.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { readCommits, readLists } from '../lists.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import { openBase } from '../segment/base.ts';
import type { Services } from '../services.ts';
import { type BucketState, starEdges } from './buckets.ts';
import { COMBINED } from './combine-buckets.ts';
import { readScanned, refuseNothing } from './failures.ts';
import { type Edge, edgeRecord, type Place } from './records.ts';
import { bucketRuns } from './scan-records.ts';

const EDGES = 'edges';
/** Edges held before they go out as an object of their own: a hash that half the corpus has brings one for each copy. */
const HELD = 2_000_000;
const NONE: ReadonlySet<number> = new Set();

/**
 * The documents of one range of keys that share a hash or a band, as edges: from what the scans left, or from what has been
 * combined of that; those of the base among them where one of the run is. Sources that failed are left out beforehand.
 * Throws NothingToDo when nothing valid is left, but not in an incremental run.
 */
export async function findDuplicates(
  { store, checkCancelled }: Services,
  {
    run,
    plan,
    scans,
    combined,
    range,
    ranges,
  }: {
    run: RunRef;
    plan: ObjectRef;
    scans: ObjectRef[];
    combined?: ObjectRef;
    range: number;
    ranges: number;
  },
  held = HELD,
): Promise<Done> {
  const pins = await readPins(store, run);
  checkStage(pins, 'dedupe');
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'dedupe',
      version: pins.stages.dedupe,
      unit: `range-${String(range).padStart(5, '0')}`,
      spec: { range, ranges },
      inputs: combined === undefined ? [plan, ...scans] : [plan, combined],
      etags: [],
    },
    async (folder) => {
      const base = await openBase(store, plan);
      const { outputs, failed } =
        combined === undefined
          ? await readBuckets(base !== undefined)
          : { outputs: await readCombined(combined), failed: NONE };
      const firstSource = base?.nextSource ?? 0;
      const isOut = (place: Place): boolean =>
        place.source < firstSource ? base?.isOut(place) === true : failed.has(place.source);
      const runs = [...((await base?.buckets()) ?? []), ...(await openCommittedRuns(store, outputs))];
      const edges = openEdges(folder, held);
      const state: BucketState = {};
      for await (const batch of mergeRuns(runs, keyRange(range, ranges))) {
        checkCancelled();
        for (const edge of starEdges(batch, state, { isOut, firstSource })) edges.add(edge);
        await edges.spill();
      }
      return { outputs: await edges.finish(), counts: { edges: edges.count } };
    },
  );
  return { ref, counts: commit.counts };

  /** Those of the scans, and whose records do not count. */
  async function readBuckets(
    mayBeEmpty: boolean,
  ): Promise<{ outputs: Output[]; failed: ReadonlySet<number> }> {
    const scanned = await readScanned({ store }, { plan, scans });
    if (!mayBeEmpty) refuseNothing(scanned, pins, store.bucket);
    const failed = new Set(scanned.failed.map(({ source }) => source));
    return { outputs: scanned.commits.flatMap(bucketRuns), failed };
  }
  /** Those that have been combined, without the sources that failed. */
  async function readCombined(list: ObjectRef): Promise<Output[]> {
    return (await readCommits(store, await readLists(store, [list]))).map((each) => outputOf(each, COMBINED));
  }
}

/** The runs of edges that a commit of a range names. */
export const edgeRuns = ({ outputs }: StageCommit): Output[] => outputs;

interface Edges {
  /** Of all. */
  readonly count: number;
  add(edge: Edge): void;
  /** Writes out what has come in, if it is much. */
  spill(): Promise<void>;
  finish(): Promise<Output[]>;
}

function openEdges(folder: Pick<AttemptFolder, 'write'>, held: number): Edges {
  const outputs: Output[] = [];
  let writer = openRunWriter();
  let written = 0;
  async function flush(): Promise<void> {
    const piece = String(outputs.length).padStart(5, '0');
    written += writer.count;
    outputs.push(await folder.write(`${EDGES}-${piece}.run`, writer.finish()));
    writer = openRunWriter();
  }
  return {
    get count() {
      return written + writer.count;
    },
    add(edge) {
      const { key, payload } = edgeRecord(edge);
      writer.add(key, payload);
    },
    async spill() {
      if (writer.count >= held) await flush();
    },
    async finish() {
      if (writer.count > 0 || outputs.length === 0) await flush();
      return outputs;
    },
  };
}
