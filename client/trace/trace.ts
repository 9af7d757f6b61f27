import { readItems } from '../../activities/lists.ts';
import { corpusName } from '../../activities/plan/inputs.ts';
import { readPins } from '../../activities/plan/pins.ts';
import { readPublishInput } from '../../activities/publish/provenance.ts';
import type { Publication } from '../../activities/publish/publication.ts';
import { readJson } from '../../lake/commit.ts';
import { RunNotFound } from '../../lake/errors.ts';
import { documentId } from '../../lake/identity.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { openTable } from '../../lake/table.ts';
import type { PublishInput, RunRef } from '../../workflows/contract.ts';
import { requirePublished } from '../published.ts';
import { type Origin, originIn } from './partition.ts';
import { type Place, placeOfToken, placesById } from './places.ts';

/** A row that was dropped for another, and the one that it was dropped for. */
export interface TracedDuplicate {
  key: string;
  row: number;
  keptKey: string;
  keptRow: number;
  keptRun: string;
  kind: string;
  similarity: number;
}
/** Where a document comes from, and where it stands. */
export interface Lineage extends Partial<Origin> {
  id: string;
  /** Of a raw row that was dropped, for which; of those that are kept, what was dropped for them. */
  duplicates: TracedDuplicate[];
  places: Place[];
}
export interface TokenLineage extends Lineage {
  token: { shard: string; offset: number; document: string; inDocument: number; span: string | null };
}

interface Sources {
  publication: Publication;
  input: PublishInput;
  /** Publications of the runs whose corpora are mixed in as well, by the name of their input. */
  also: ReadonlyMap<string, Publication>;
}

async function sourcesOf(store: ObjectStore, run: RunRef): Promise<Sources> {
  const { publication } = await requirePublished(store, run);
  const { from } = await readPins(store, run);
  const also = new Map<string, Publication>();
  for (const [i, each] of (from?.also ?? []).entries()) {
    also.set(corpusName(i + 1), await readJson<Publication>(store, each.publication));
  }
  return { publication, input: await readPublishInput(store, publication), also };
}

/**
 * From a document back to its raw rows, and to every place in the shards where it stands. `id`: of a document, a text or a chain, or a raw
 * row as KEY:ROW. Throws RunNotFound where the run knows none of that name.
 */
export async function traceDocument(store: ObjectStore, run: RunRef, id: string): Promise<Lineage> {
  return lineageOf(store, run, await sourcesOf(store, run), id);
}

/** From a token of a shard (SHARD:OFFSET) back to its raw row. Throws RunNotFound, BadUsage. */
export async function traceToken(store: ObjectStore, run: RunRef, text: string): Promise<TokenLineage> {
  const sources = await sourcesOf(store, run);
  const { place, offset } = await placeOfToken(store, sources.publication.shards, text);
  const inDocument = offset - place.start;
  const span = place.spans.find(({ from, to }) => from <= inDocument && inDocument < to)?.kind ?? null;
  const token = { shard: place.shard, offset, document: place.id, inDocument, span };
  return { ...(await lineageOf(store, run, sources, place.id)), token };
}

async function lineageOf(
  store: ObjectStore,
  run: RunRef,
  { publication, input, also }: Sources,
  asked: string,
): Promise<Lineage> {
  const pins = await readPins(store, run);
  const [, key = '', row = ''] = /^(.+):(\d+)$/.exec(asked) ?? [];
  const id = key === '' ? asked : documentId(key, Number(row));
  const ids = new Set([id]);
  let origin: Origin | undefined;
  for (const [name, lists] of Object.entries(input.documents)) {
    const items = await readItems(store, lists);
    const other = also.get(name);
    const { plan } = other === undefined ? input : await readPublishInput(store, other);
    const planned = other === undefined ? name : 'corpus';
    for (const [index, item] of items.entries()) {
      if ('failed' in item || origin !== undefined) continue;
      origin = await originIn(store, pins, { ref: item, input: planned, plan, index }, ids);
    }
  }
  const rows = new Set(origin?.texts.map((text) => `${text.row} ${text.key}`) ?? [`${row} ${key}`]);
  const duplicates: TracedDuplicate[] = [];
  for (const each of [publication, ...also.values()]) {
    duplicates.push(...(await duplicatesOf(store, each, rows)));
  }
  if (origin === undefined && duplicates.length === 0) {
    throw new RunNotFound(
      `run ${run.domain}/${run.run} has no document, text or chain ${asked}; ids are 32 hex digits, a raw row is KEY:ROW`,
    );
  }
  for (const document of origin?.documents ?? []) ids.add(document.id);
  return { id, ...origin, duplicates, places: await placesById(store, publication.shards, ids) };
}

/** What deduplication says of these rows, dropped or kept. */
async function duplicatesOf(
  store: ObjectStore,
  { duplicates }: Publication,
  rows: ReadonlySet<string>,
): Promise<TracedDuplicate[]> {
  if (duplicates === undefined) return [];
  const found: TracedDuplicate[] = [];
  const { batches } = await openTable(store, duplicates);
  const columns = ['key', 'row', 'keptKey', 'keptRow', 'keptRun', 'kind', 'similarity'];
  for await (const batch of batches(columns)) {
    for (const each of batch) {
      if (!rows.has(`${each.row} ${each.key}`) && !rows.has(`${each.keptRow} ${each.keptKey}`)) continue;
      found.push({
        ...{ key: String(each.key), row: Number(each.row), keptKey: String(each.keptKey) },
        ...{ keptRow: Number(each.keptRow), keptRun: String(each.keptRun), kind: String(each.kind) },
        similarity: Number(each.similarity),
      });
    }
  }
  return found;
}
