import type { PublishedShard } from '../../activities/publish/publication.ts';
import { DOCUMENT_TABLE } from '../../activities/shards/files.ts';
import type { Output } from '../../lake/commit.ts';
import { BadUsage, RunNotFound } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { openTable } from '../../lake/table.ts';
import type { TokenSpan } from '../../workflows/contract.ts';

/** Where a copy of a document stands in the shards. */
export interface Place {
  shard: string;
  id: string;
  /** The chain, or the document itself. */
  unit: string;
  source: string;
  copy: number;
  /** Its tokens [start, end) in the shard. */
  start: number;
  end: number;
  spans: TokenSpan[];
}

/** All documents of a shard, in order. */
async function* placesOf(store: ObjectStore, shard: PublishedShard): AsyncGenerator<Place> {
  const { batches } = await openTable(store, tableOf(shard));
  const columns = ['id', 'unit', 'source', 'copy', 'start', 'tokens', 'spans'];
  for await (const rows of batches(columns)) {
    for (const { id, unit, source, copy, start, tokens, spans } of rows) {
      const from = Number(start);
      yield {
        shard: shard.name,
        ...{ id: String(id), unit: String(unit), source: String(source), copy: Number(copy) },
        ...{ start: from, end: from + Number(tokens), spans: JSON.parse(String(spans)) as TokenSpan[] },
      };
    }
  }
}

function tableOf({ name, files }: PublishedShard): Output {
  const table = files?.find((file) => file.name.endsWith(DOCUMENT_TABLE));
  if (table !== undefined) return table;
  throw new RunNotFound(`${name} has no table of its documents: it was built by an earlier release`);
}

/** The places of documents and chains by their ids, in the order of the shards. */
export async function placesById(
  store: ObjectStore,
  shards: readonly PublishedShard[],
  ids: ReadonlySet<string>,
): Promise<Place[]> {
  const found: Place[] = [];
  for (const shard of shards) {
    for await (const place of placesOf(store, shard)) {
      if (ids.has(place.id) || ids.has(place.unit)) found.push(place);
    }
  }
  return found;
}

/** The document that has a token: `SHARD:OFFSET`, the shard by its name or number. Throws BadUsage. */
export async function placeOfToken(
  store: ObjectStore,
  shards: readonly PublishedShard[],
  text: string,
): Promise<{ place: Place; offset: number }> {
  const [, name = '', digits = ''] = /^(.+):(\d+)$/.exec(text) ?? [];
  const shard = shards.find((each, i) => each.name === name || String(i) === name);
  if (shard === undefined) {
    throw new BadUsage(
      `${JSON.stringify(text)} is no token; it takes SHARD:OFFSET, the shard by name (${shards[0]?.name ?? 'there is none'} …) or number (0 to ${shards.length - 1})`,
    );
  }
  const offset = Number(digits);
  if (offset >= shard.tokens) {
    throw new BadUsage(`${shard.name} has ${shard.tokens} tokens: the last is ${shard.tokens - 1}`);
  }
  for await (const place of placesOf(store, shard)) if (offset < place.end) return { place, offset };
  throw new BadUsage(`no document of ${shard.name} has token ${offset}`);
}
