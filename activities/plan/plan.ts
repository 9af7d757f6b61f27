import { type Committed, commitStage, type Output } from '../../lake/commit.ts';
import { AccessDenied, NothingToDo, StoreUnfit } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { digestOf, listInOrder } from '../../lake/listing.ts';
import { milliseconds } from '../../lake/spec/fields.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, PlannedInput } from '../../workflows/contract.ts';
import { BASE } from '../segment/base.ts';
import type { Services } from '../services.ts';
import { inputsOf } from './inputs.ts';
import { openKnown } from './known.ts';
import { cutPartitions } from './partitions.ts';
import { mapsOf } from './pieces.ts';
import { checkStage, type RunPins } from './pins.ts';
import { openSources } from './sources.ts';
import { writeInput } from './write-input.ts';

/**
 * Lists the raw objects once, reads their footers and cuts them into partitions; the plan is paged on S3. A source whose
 * footer or page headers cannot be read, or that lacks a column, fails alone. On a `base` (of an incremental run) the corpus
 * is without the sources that it has, and may be empty. Objects that at the time `at` are younger than the spec's `minAge`
 * do not exist for it: what the plan is follows from those that do. Throws NothingToDo.
 */
export async function plan(
  services: Services,
  pins: RunPins,
  base?: ObjectRef,
  at?: number,
): Promise<Committed> {
  checkStage(pins, 'plan');
  const { store } = services;
  const { spec } = pins;
  const listings = await Promise.all(
    inputsOf(pins).map(async ({ name, columns }) => {
      const listed = await listInOrder(store, columns.prefix);
      const { minAge } = name === 'corpus' ? spec.input : {};
      const objects =
        minAge === undefined ? listed : await settledObjects(store, listed, columns.prefix, minAge, at);
      return { name, columns, objects, young: listed.length - objects.length };
    }),
  );
  const committed = await commitStage(
    store,
    pins,
    {
      stage: 'plan',
      version: pins.stages.plan,
      unit: 'global',
      spec: { input: spec.input, mix: inputsOf(pins).map(({ name, columns }) => [name, columns.prefix]) },
      inputs: base === undefined ? [] : [base],
      etags: listings.map(({ objects }) => digestOf(objects)),
    },
    async (folder) => {
      const outputs: Output[] = [];
      const inputs: PlannedInput[] = [];
      const known = base === undefined ? undefined : await openKnown(store, pins, base);
      if (known !== undefined) {
        outputs.push(await folder.put(BASE, canonicalJson(known.base), 'application/json'));
      }
      let taken = 0;
      for (const { name, columns, objects } of listings) {
        const all = objects.filter(({ key }) => isParquetName(key));
        // Instructions are taken whole by every run: no run deduplicates them against another one.
        const here = name === 'corpus' ? known : undefined;
        const chosen = here === undefined ? all : all.filter((object) => !here.has(object));
        taken += all.length - chosen.length;
        const first = here?.base.nextSource ?? 0;
        const sources = await openSources(services, columns, chosen, first, spec.input.partitionBytes);
        const entries = cutPartitions(sources, spec.input.partitionBytes);
        const mapped = new Map(sources.map((each) => [each.source.ordinal, each]));
        const written = await writeInput(folder, {
          name,
          entries: entries.map((entry) => ({ entry, maps: mapsOf(entry, mapped) })),
          sources: sources.map(({ source }) => source),
          ignored: objects.length - all.length,
        });
        outputs.push(...written.outputs);
        inputs.push(written.planned);
      }
      const counts = {
        sources: inputs.reduce((sum, each) => sum + each.sources, 0),
        unreadableSources: inputs.reduce((sum, each) => sum + each.failed, 0),
        ...(known && { takenSources: taken }),
        ...(spec.input.minAge && { youngSources: listings.reduce((sum, { young }) => sum + young, 0) }),
      };
      return { outputs, counts, data: inputs };
    },
  );
  await checkInputs(store, committed, pins);
  return committed;
}

/** How long an upload in parts keeps its key from being read: one that was given up must not do so for ever. */
const UPLOAD_MS = 86_400_000;

/** The objects that are old enough, and are not being written anew. */
async function settledObjects(
  store: ObjectStore,
  objects: readonly ListedObject[],
  prefix: string,
  minAge: string,
  at = Date.now(),
): Promise<ListedObject[]> {
  const uploading = new Set<string>();
  try {
    for await (const { key, begun } of store.uploads(prefix)) if (begun > at - UPLOAD_MS) uploading.add(key);
  } catch (error) {
    // Who may read the lake may not always see its uploads; the age is left.
    if (!(error instanceof AccessDenied || error instanceof StoreUnfit)) throw error;
  }
  const oldest = at - milliseconds(minAge);
  return objects.filter(({ key, modified }) => modified <= oldest && !uploading.has(key));
}

async function checkInputs(store: ObjectStore, { commit }: Committed, pins: RunPins): Promise<void> {
  const { spec } = pins;
  const inputs = commit.data as PlannedInput[];
  const sourcesOf = (name: string): number => inputs.find((input) => input.name === name)?.sources ?? 0;
  // A night without anything new is no error.
  if (spec.mode === 'incremental' && sourcesOf('corpus') === 0) return;
  for (const { name, columns } of inputsOf(pins)) {
    if (sourcesOf(name) > 0) continue;
    const { youngSources: young = 0 } = commit.counts;
    const why =
      name === 'corpus' && young > 0 ? ` but ${young} younger than minAge (${spec.input.minAge})` : '';
    throw new NothingToDo(
      `there are no Parquet objects (*.parquet) under the prefix of ${name}${why}; put some there with \`instruct-lake import\``,
      { bucket: store.bucket, key: columns.prefix },
    );
  }
}

const isParquetName = (key: string): boolean =>
  /\.(parquet|parq|pq)$/.test(key) && !/^[._]/.test(key.slice(key.lastIndexOf('/') + 1));
