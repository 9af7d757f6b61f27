import { atOnce } from '../../lake/at-once.ts';
import { type Committed, commitStage, type Output, readJson } from '../../lake/commit.ts';
import { LakeError, NothingToDo, SourceUnversioned } from '../../lake/errors.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { digestOf, listInOrder } from '../../lake/listing.ts';
import { requireIdColumn, requireTextColumn } from '../../lake/parquet/columns.ts';
import { type RowGroup, readFooter } from '../../lake/parquet/footer.ts';
import type { PageMap } from '../../lake/parquet/page-map.ts';
import type { FullSpec } from '../../lake/spec.ts';
import type { ListedObject, ObjectStore } from '../../lake/store.ts';
import type { ObjectRef, PlannedInput } from '../../workflows/contract.ts';
import { BASE, type Base, liveSources, readSegments } from '../segment/base.ts';
import { checkBase } from '../segment/check-base.ts';
import type { Services } from '../services.ts';
import { cutPartitions, type PlanEntry, type PlannedPiece, type PlannedSource } from './partitions.ts';
import { mapsOf, piecesOf } from './pieces.ts';
import { checkStage, type RunPins } from './pins.ts';

/** Entries of one page, and so of one lane. */
export const PAGE_ENTRIES = 250;
/** Footers read at once. */
const FOOTERS = 16;

/** The columns that one input needs. */
export interface InputColumns {
  prefix: string;
  text: string[];
  id: string[];
}
/** The inputs of a spec, by name. */
export function inputsOf(spec: FullSpec): { name: string; columns: InputColumns }[] {
  const { prefix, text, title, id } = spec.input;
  const optional = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
  const corpus = { prefix, text: [text, ...optional(title)], id: optional(id) };
  return [
    { name: 'corpus', columns: corpus },
    ...spec.mix.sources.flatMap((source, index) =>
      source.from === 'instructions'
        ? [
            {
              name: `instructions-${index}`,
              columns: { prefix: source.prefix, text: [source.question, source.answer], id: [] },
            },
          ]
        : [],
    ),
  ];
}

/**
 * Lists the raw objects once, reads their footers and cuts them into partitions; the plan is paged on S3. A source whose
 * footer or page headers cannot be read, or that lacks a column, fails alone. On a `base` (of an incremental run) the corpus
 * is without the sources that it has, and may be empty. Throws NothingToDo.
 */
export async function plan(services: Services, pins: RunPins, base?: ObjectRef): Promise<Committed> {
  checkStage(pins, 'plan');
  const { store } = services;
  const { spec } = pins;
  const listings = await Promise.all(
    inputsOf(spec).map(async ({ name, columns }) => {
      const objects = await listInOrder(store, columns.prefix);
      return { name, columns, objects };
    }),
  );
  const committed = await commitStage(
    store,
    pins,
    {
      stage: 'plan',
      version: pins.stages.plan,
      unit: 'global',
      spec: { input: spec.input, mix: inputsOf(spec).map(({ name, columns }) => [name, columns.prefix]) },
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
        const sources = await readSources(services, columns, chosen, first, spec.input.partitionBytes);
        const entries = cutPartitions(sources, spec.input.partitionBytes);
        const mapped = new Map(sources.map((each) => [each.source.ordinal, each]));
        for (const [index, page] of pagesOf(entries).entries()) {
          outputs.push(await folder.put(pageName(name, index), JSON.stringify(page), 'application/json'));
          const maps: EntryMaps[] = page.map((entry) => mapsOf(entry, mapped));
          if (maps.flat(2).length === 0) continue;
          outputs.push(await folder.put(mapsName(name, index), JSON.stringify(maps), 'application/json'));
        }
        const list = sources.map(({ source }) => source);
        outputs.push(await folder.put(sourcesName(name), JSON.stringify(list), 'application/json'));
        inputs.push({
          name,
          entries: entries.length,
          sources: list.length,
          rows: list.reduce((sum, { rows }) => sum + rows, 0),
          failed: list.filter(({ failure }) => failure !== null).length,
          ignored: objects.length - all.length,
        });
      }
      const counts = {
        sources: inputs.reduce((sum, each) => sum + each.sources, 0),
        unreadableSources: inputs.reduce((sum, each) => sum + each.failed, 0),
        ...(known && { takenSources: taken }),
      };
      return { outputs, counts, data: inputs };
    },
  );
  await checkInputs(store, committed, spec);
  return committed;
}

/** The base of an incremental run, and whether it has taken an object: the same key with another ETag is another source. Throws PinMismatch. */
async function openKnown(
  store: ObjectStore,
  pins: RunPins,
  ref: ObjectRef,
): Promise<{ base: Base; has: (object: ListedObject) => boolean }> {
  const base = await readJson<Base>(store, ref);
  const opened = await readSegments(store, base);
  checkBase(opened, pins);
  const taken = new Map<string, Set<string>>();
  for (const { key, etag } of await liveSources(store, base, opened)) {
    taken.set(key, (taken.get(key) ?? new Set()).add(etag));
  }
  return { base, has: ({ key, etag }) => taken.get(key)?.has(etag) === true };
}

export const pageName = (input: string, index: number): string =>
  `${input}-${String(index).padStart(5, '0')}.json`;
/** Where rows begin in the large row groups of a page's entries; only where there are any. */
export const mapsName = (input: string, index: number): string =>
  pageName(input, index).replace('.json', '-maps.json');
/** For each run of an entry the page maps of its rows. */
export type EntryMaps = PageMap[][];
export const sourcesName = (input: string): string => `${input}-sources.json`;

async function checkInputs(store: ObjectStore, { commit }: Committed, spec: FullSpec): Promise<void> {
  const inputs = commit.data as PlannedInput[];
  const sourcesOf = (name: string): number => inputs.find((input) => input.name === name)?.sources ?? 0;
  // A night without anything new is no error.
  if (spec.mode === 'incremental' && sourcesOf('corpus') === 0) return;
  for (const { name, columns } of inputsOf(spec)) {
    if (sourcesOf(name) > 0) continue;
    throw new NothingToDo(
      `there are no Parquet objects (*.parquet) under the prefix of ${name}; put some there with \`instruct-lake import\``,
      { bucket: store.bucket, key: columns.prefix },
    );
  }
}

const isParquetName = (key: string): boolean =>
  /\.(parquet|parq|pq)$/.test(key) && !/^[._]/.test(key.slice(key.lastIndexOf('/') + 1));

function pagesOf(entries: readonly PlanEntry[]): PlanEntry[][] {
  const pages: PlanEntry[][] = [];
  for (let i = 0; i < entries.length; i += PAGE_ENTRIES) pages.push(entries.slice(i, i + PAGE_ENTRIES));
  return pages;
}

/** A source of the plan, in pieces. */
interface ReadSource {
  source: PlannedSource;
  pieces: PlannedPiece[];
  rowGroups: RowGroup[];
  maps: PageMap[];
}

async function readSources(
  services: Services,
  columns: InputColumns,
  objects: readonly ListedObject[],
  firstOrdinal: number,
  targetBytes: number,
): Promise<ReadSource[]> {
  const { store, checkCancelled } = services;
  return atOnce(objects, FOOTERS, async ({ key, etag, size }, index) => {
    checkCancelled();
    const source = { ordinal: firstOrdinal + index, key, etag, size, rows: 0, failure: null };
    // A readable footer says how many rows are lost with its file; without one nobody knows.
    let rows = 0;
    try {
      if (etag === '') {
        throw new SourceUnversioned(
          'the store gives this object no ETag (it was copied into its folder?); put it there with `instruct-lake import`',
          { bucket: store.bucket, key },
        );
      }
      const object = { key, etag, size };
      const footer = await readFooter(store, object);
      rows = footer.rows;
      for (const name of columns.text) requireTextColumn(footer, name);
      for (const name of columns.id) requireIdColumn(footer, name);
      const { pieces, maps } = await piecesOf(services, object, footer, columns, targetBytes);
      return {
        source: { ...source, rows },
        pieces,
        maps,
        rowGroups: maps.length > 0 ? footer.rowGroups : [],
      };
    } catch (error) {
      if (!(error instanceof LakeError) || error.family !== 'input') throw error;
      const failure = { type: error.name, message: error.message };
      return { source: { ...source, rows, failure }, pieces: [], rowGroups: [], maps: [] };
    }
  });
}
