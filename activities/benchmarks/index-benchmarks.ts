import { commitStage, outputOf, readChecked, readCommit } from '../../lake/commit.ts';
import { BadBenchmark, SourceUnversioned, Unreachable } from '../../lake/errors.ts';
import { digestOf, listInOrder } from '../../lake/listing.ts';
import type { FullSpec } from '../../lake/spec.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { Done, ObjectRef, RunRef } from '../../workflows/contract.ts';
import { checkStage, readPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import { type BenchmarkIndex, openIndex, type SetCounts } from './benchmark-index.ts';
import { decodeIndex, encodeIndex } from './index-file.ts';
import { itemsOf } from './items.ts';

export const INDEX = 'benchmarks.bin';
/** Rows and lines that are told by name; all are counted. */
const BROKEN_KEPT = 20;

/** What the commit says of each set. */
export interface IndexedSet extends SetCounts {
  name: string;
  objects: number;
  /** Objects under the prefix that are neither Parquet nor JSONL by name. */
  ignored: number;
  /** Rows and lines of which something could not be read, and the first of them: lines from 1, rows from 0. */
  broken: number;
  firstBroken: { key: string; row: number; problem: string }[];
}

type Sets = NonNullable<FullSpec['decontaminate']>['sets'];
interface ListedSet {
  set: Sets[number];
  objects: ListedObject[];
  ignored: number;
}

/**
 * Evaluation sets → one index of the runs of words by which texts are found to have them. Throws BadBenchmark where a set has no
 * objects, or nothing that could be found; SchemaMismatch, CorruptParquet and SourceUnversioned.
 */
export async function indexBenchmarks(services: Services, { run }: { run: RunRef }): Promise<Done> {
  const { store, checkCancelled } = services;
  const pins = await readPins(store, run);
  checkStage(pins, 'benchmarks');
  const { decontaminate } = pins.spec;
  if (decontaminate === undefined) throw new Unreachable('the spec names no evaluation sets');
  const listed = await Promise.all(decontaminate.sets.map((set) => listSet(store, set)));
  const { ref, commit } = await commitStage(
    store,
    run,
    {
      stage: 'benchmarks',
      version: pins.stages.benchmarks,
      unit: 'global',
      spec: {
        sets: listed.map(({ set }) => ({ name: set.name, prefix: set.prefix, fields: set.fields })),
        unicode: pins.unicode,
      },
      inputs: [],
      etags: listed.map(({ objects }) => digestOf(objects)),
    },
    async (folder) => {
      const builder = openIndex(listed.map(({ set }) => set.name));
      const keys: string[] = [];
      const broken = listed.map(
        (): Pick<IndexedSet, 'broken' | 'firstBroken'> => ({
          broken: 0,
          firstBroken: [],
        }),
      );
      for (const [number, { set, objects }] of listed.entries()) {
        const odd = broken[number] as (typeof broken)[number];
        for (const { key, etag, size } of objects) {
          const object = keys.length;
          keys.push(key);
          for await (const item of itemsOf(store, { key, etag, size }, set.fields)) {
            checkCancelled();
            if ('values' in item) {
              builder.add(number, { object, ...item });
            } else {
              odd.broken++;
              if (odd.firstBroken.length < BROKEN_KEPT) odd.firstBroken.push({ key, ...item });
            }
          }
        }
      }
      const { index, counts } = builder.finish(keys);
      const sets = listed.map(
        ({ set, objects, ignored }, i): IndexedSet => ({
          name: set.name,
          objects: objects.length,
          ignored,
          ...(counts[i] as SetCounts),
          ...(broken[i] as (typeof broken)[number]),
        }),
      );
      for (const [i, each] of sets.entries()) refuseNothing(store, listed[i] as ListedSet, each);
      const sum = (of: (each: IndexedSet) => number): number =>
        sets.reduce((total, each) => total + of(each), 0);
      return {
        outputs: [await folder.write(INDEX, encodeIndex(index))],
        counts: {
          benchmarkItems: sum(({ items }) => items),
          benchmarkGrams: sum(({ grams }) => grams),
          brokenBenchmarkItems: sum((each) => each.broken),
        },
        data: sets,
      };
    },
  );
  return { ref, counts: commit.counts };
}

async function listSet(store: ObjectStore, set: Sets[number]): Promise<ListedSet> {
  const objects: ListedObject[] = [];
  let ignored = 0;
  for (const object of await listInOrder(store, set.prefix)) {
    const name = object.key.slice(object.key.lastIndexOf('/') + 1);
    if (/\.(parquet|jsonl)$/.test(name) && !/^[._]/.test(name)) objects.push(object);
    else ignored++;
  }
  const where = { bucket: store.bucket, key: set.prefix };
  if (objects.length === 0) {
    const others = ignored === 0 ? '' : `; ${ignored} others are there`;
    throw new BadBenchmark(
      `evaluation set ${set.name} has no objects (*.parquet, *.jsonl) under its prefix${others}`,
      where,
    );
  }
  const unversioned = objects.find(({ etag }) => etag === '');
  if (unversioned !== undefined) {
    throw new SourceUnversioned(
      `evaluation set ${set.name}: the store gives this object no ETag (it was copied into its folder?)`,
      { ...where, key: unversioned.key },
    );
  }
  return { set, objects, ignored };
}

function refuseNothing(
  store: ObjectStore,
  { set }: ListedSet,
  { items, values, tooShort }: IndexedSet,
): void {
  if (values > 0) return;
  throw new BadBenchmark(
    `nothing of evaluation set ${set.name} could be found in a text: of ${items} items ${tooShort} fields have fewer than 8 words, and no question of fewer has an answer; name more fields`,
    { bucket: store.bucket, key: set.prefix },
  );
}

let kept: { sha256: string; index: BenchmarkIndex } | undefined;

/** The index that a commit of the stage names. The last one stays in the memory of the thread. */
export async function openBenchmarks(store: ObjectStore, ref: ObjectRef): Promise<BenchmarkIndex> {
  const output = outputOf(await readCommit(store, ref), INDEX);
  if (kept?.sha256 === output.sha256) return kept.index;
  kept = undefined;
  const index = decodeIndex(await readChecked(store, output));
  kept = { sha256: output.sha256, index };
  return index;
}
