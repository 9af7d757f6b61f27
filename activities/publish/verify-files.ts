import { checkObject, type Output, readChecked } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { openTable } from '../../lake/table.ts';
import { datatroveIndex } from '../shards/datatrove.ts';
import { DOCUMENT_TABLE } from '../shards/files.ts';
import { type OlmoRow, olmoIndex } from '../shards/olmo.ts';
import type { ManifestCore, PublishedShard } from './publication.ts';

const READ_BYTES = 8 * 2 ** 20;

/** Looks at one file beside a shard's body: its hash, and that it says what the body's index says. Throws VerifyFailed, CorruptLake. */
export async function checkShardFile(
  store: ObjectStore,
  core: ManifestCore,
  shard: PublishedShard,
  lengths: Int32Array,
  file: Output,
): Promise<void> {
  const must = (ok: boolean, problem: string): void => {
    if (ok) return;
    throw new VerifyFailed(`${file.name}: ${problem}`, { bucket: store.bucket, key: file.key });
  };
  const kind = file.name.slice(shard.name.length);
  switch (kind) {
    case '.mask':
      await checkObject(store, file);
      must(file.size === shard.tokens, `it has ${file.size} bytes for ${shard.tokens} tokens`);
      for (let start = 0; start < file.size; start += READ_BYTES) {
        const range: [number, number] = [start, Math.min(start + READ_BYTES, file.size)];
        const odd = (await store.get(file.key, { range })).findIndex((each) => each > 1);
        must(odd < 0, `token ${start + odd} is neither 0 nor 1`);
      }
      return;
    case '.ds.index':
      must(
        Buffer.compare(await readChecked(store, file), datatroveIndex(lengths)) === 0,
        'its documents end elsewhere than in the index of the body',
      );
      return;
    case '.csv.gz':
    case DOCUMENT_TABLE:
    case '.parquet':
    case '.ids.parquet': {
      if (kind === '.csv.gz') {
        const rows = await documentPlaces(store, shard);
        must(
          Buffer.compare(await readChecked(store, file), olmoIndex(rows)) === 0,
          'it says something else than the table of documents',
        );
        return;
      }
      const table = await openTable(store, file);
      if (kind === '.ids.parquet') {
        const { packedRows = 0 } = core.rows;
        must(table.rows <= packedRows, `it has ${table.rows} rows, all shards together ${packedRows}`);
        return;
      }
      must(table.rows === shard.documents, `it has ${table.rows} rows for ${shard.documents} documents`);
      let at = 0;
      for await (const rows of table.batches(['tokens'])) {
        for (const { tokens } of rows) {
          must(
            Number(tokens) === lengths[at],
            `document ${at} has ${tokens} tokens, the index ${lengths[at]}`,
          );
          at++;
        }
      }
      return;
    }
    default:
      await checkObject(store, file);
  }
}

/** Where the documents of a shard are, by their table. */
async function documentPlaces(store: ObjectStore, shard: PublishedShard): Promise<OlmoRow[]> {
  const file = shard.files?.find(({ name }) => name.endsWith(DOCUMENT_TABLE));
  if (file === undefined) return [];
  const places: OlmoRow[] = [];
  const table = await openTable(store, file);
  for await (const rows of table.batches(['id', 'source', 'start', 'tokens'])) {
    for (const { id, source, start, tokens } of rows) {
      const from = Number(start);
      places.push({ start: from, end: from + Number(tokens), id: String(id), source: String(source) });
    }
  }
  return places;
}
