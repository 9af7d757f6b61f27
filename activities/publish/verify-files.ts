import { type Output, readChecked } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import { checkedPieces, checkObject } from '../../lake/pieces.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { openTable } from '../../lake/table.ts';
import { datatroveIndex } from '../shards/datatrove.ts';
import { DOCUMENT_TABLE } from '../shards/files.ts';
import { type OlmoRow, olmoIndex } from '../shards/olmo.ts';
import type { ManifestCore, PublishedShard } from './publication.ts';

/** A file beside a shard's body, and what it is held against. */
interface Beside {
  store: ObjectStore;
  file: Output;
  shard: PublishedShard;
  /** Tokens of each document, by the index of the body. */
  lengths: Int32Array;
  /** Rows of token ids in all shards together. */
  packedRows: number;
  /** Throws VerifyFailed that names the file. */
  must(ok: boolean, problem: string): void;
}

/** How each file is looked at, by what its name ends with. */
const CHECKS: Readonly<Record<string, (beside: Beside) => Promise<void>>> = {
  '.mask': checkMask,
  '.csv.gz': checkOlmoIndex,
  '.ds.index': checkDatatroveIndex,
  [DOCUMENT_TABLE]: checkDocuments,
  '.parquet': checkDocuments,
  '.ids.parquet': checkPackedRows,
};

/** Looks at one file beside a shard's body: its hash, and that it says what the body's index says. Throws VerifyFailed, CorruptLake. */
export async function checkShardFile(
  store: ObjectStore,
  core: ManifestCore,
  shard: PublishedShard,
  lengths: Int32Array,
  file: Output,
): Promise<void> {
  const look = CHECKS[file.name.slice(shard.name.length)];
  if (look === undefined) return checkObject(store, file);
  const must = (ok: boolean, problem: string): void => {
    if (ok) return;
    throw new VerifyFailed(`${file.name}: ${problem}`, { bucket: store.bucket, key: file.key });
  };
  return look({ store, file, shard, lengths, packedRows: core.rows.packedRows ?? 0, must });
}

async function checkMask({ store, file, shard, must }: Beside): Promise<void> {
  must(file.size === shard.tokens, `it has ${file.size} bytes for ${shard.tokens} tokens`);
  let at = 0;
  for await (const bytes of checkedPieces(store, file)) {
    const odd = bytes.findIndex((each) => each > 1);
    must(odd < 0, `token ${at + odd} is neither 0 nor 1`);
    at += bytes.length;
  }
}

async function checkDatatroveIndex({ store, file, lengths, must }: Beside): Promise<void> {
  const same = Buffer.compare(await readChecked(store, file), datatroveIndex(lengths)) === 0;
  must(same, 'its documents end elsewhere than in the index of the body');
}

async function checkOlmoIndex({ store, file, shard, must }: Beside): Promise<void> {
  const rows = await documentPlaces(store, shard);
  const same = Buffer.compare(await readChecked(store, file), olmoIndex(rows)) === 0;
  must(same, 'it says something else than the table of documents');
}

/** The table of documents, and the one of their texts. */
async function checkDocuments({ store, file, shard, lengths, must }: Beside): Promise<void> {
  const table = await openTable(store, file);
  must(table.rows === shard.documents, `it has ${table.rows} rows for ${shard.documents} documents`);
  let at = 0;
  for await (const rows of table.batches(['tokens'])) {
    for (const { tokens } of rows) {
      must(Number(tokens) === lengths[at], `document ${at} has ${tokens} tokens, the index ${lengths[at]}`);
      at++;
    }
  }
}

async function checkPackedRows({ store, file, packedRows, must }: Beside): Promise<void> {
  const { rows } = await openTable(store, file);
  must(rows <= packedRows, `it has ${rows} rows, all shards together ${packedRows}`);
}

/** The table of a shard's documents; publications of earlier releases have none. */
export const documentTable = ({ files, name }: PublishedShard): Output | undefined =>
  files?.find((file) => file.name === `${name}${DOCUMENT_TABLE}`);

/** Where the documents of a shard are, by their table. */
async function documentPlaces(store: ObjectStore, shard: PublishedShard): Promise<OlmoRow[]> {
  const file = documentTable(shard);
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
