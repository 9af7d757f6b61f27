import type { AttemptFolder, Output } from '../../lake/commit.ts';
import type { FullSpec } from '../../lake/spec.ts';
import { writeTable } from '../../lake/table.ts';
import { arrowStream } from './arrow.ts';
import { datatroveIndex, datatroveMetadata } from './datatrove.ts';
import type { Dtype } from './dtype.ts';
import { maskOf } from './mask.ts';
import { megatronIndex } from './megatron.ts';
import { type OlmoRow, olmoIndex } from './olmo.ts';
import type { PackedRow } from './pack.ts';
import type { ShardDocument } from './record.ts';

/** What the files of a shard are written from. */
export interface ShardContext {
  name: string;
  /** Names of the sources of the mix, in its order. */
  sources: readonly string[];
  spec: FullSpec['shards'];
  dtype: Dtype;
  tokenizer: string;
}
/** Documents as they come out of the merge, some at a time. */
export type Batches = AsyncIterable<readonly ShardDocument[]>;
/** Writes one file from all documents. */
export type Writer = (folder: AttemptFolder, batches: Batches) => Promise<Output>;

/** Extension of the table of a shard's documents: what `trace` reads. */
export const DOCUMENT_TABLE = '.documents.parquet';

const DOCUMENT_COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'unit', type: 'string', nullable: false },
  { name: 'source', type: 'string', nullable: false },
  { name: 'copy', type: 'int32', nullable: false },
  { name: 'start', type: 'int64', nullable: false },
  { name: 'tokens', type: 'int32', nullable: false },
  { name: 'spans', type: 'json', nullable: false },
] as const;
const TEXT_COLUMNS = [
  { name: 'text', type: 'string', nullable: false },
  { name: 'source', type: 'string', nullable: false },
  { name: 'form', type: 'string', nullable: false },
  { name: 'id', type: 'string', nullable: false },
  { name: 'chain', type: 'string' },
  { name: 'spans', type: 'json', nullable: false },
  { name: 'tokens', type: 'int32', nullable: false },
] as const;
/** Lists cost the writer some forty times their bytes while a row group is closed. */
const ROW_GROUP_BYTES = 2 * 2 ** 20;
const ROW_COLUMNS = [
  { name: 'input_ids', type: 'ints', nullable: false },
  { name: 'labels', type: 'ints', nullable: false },
  { name: 'segment_ids', type: 'ints', nullable: false },
] as const;

/** The token ids of all documents, one behind the other: the bytes of `.bin`, `.npy` and `.ds`. */
export const writeBody =
  ({ name }: ShardContext): Writer =>
  (folder, batches) =>
    folder.write(
      `${name}.bin`,
      mapped(batches, (documents) => Buffer.concat(documents.map(({ body }) => body))),
    );

/** One byte a token: `.mask`, which is `.ds.loss` of datatrove and the label mask of OLMo-core as well. */
export const writeMask =
  ({ name }: ShardContext): Writer =>
  (folder, batches) =>
    folder.write(
      `${name}.mask`,
      mapped(batches, (documents) => Buffer.concat(documents.map(maskOf))),
    );

/** A row for each document: what it is, where its tokens are, and which of them are what. */
export const writeDocumentTable =
  ({ name, sources }: ShardContext): Writer =>
  (folder, batches) => {
    let start = 0;
    const row = ({ id, unit, copy, source, tokens, spans }: ShardDocument) => {
      const at = start;
      start += tokens;
      return { id, unit, source: sources[source], copy, start: at, tokens, spans };
    };
    return writeTable(
      folder,
      `${name}${DOCUMENT_TABLE}`,
      DOCUMENT_COLUMNS,
      mapped(batches, (documents) => documents.map(row)),
    );
  };

/** The documents as text, in the order of the mix. */
export const writeText =
  ({ name, sources }: ShardContext): Writer =>
  (folder, batches) => {
    const row = ({ id, unit, source, tokens, spans, text }: ShardDocument) => {
      const from = sources[source];
      const form = from === 'augmented' ? 'augmented' : 'raw';
      const bytes = spans.map(({ kind, start, end }) => ({ kind, start, end }));
      return {
        text,
        source: from,
        form,
        id,
        chain: form === 'augmented' ? unit : null,
        spans: bytes,
        tokens,
      };
    };
    return writeTable(
      folder,
      `${name}.parquet`,
      TEXT_COLUMNS,
      mapped(batches, (documents) => documents.map(row)),
    );
  };

/** Rows of token ids as Parquet. */
export const writeRows =
  ({ name }: ShardContext) =>
  (folder: AttemptFolder, rows: AsyncIterable<readonly PackedRow[]>): Promise<Output> =>
    writeTable(
      folder,
      `${name}.ids.parquet`,
      ROW_COLUMNS,
      mapped(rows, (some) =>
        some.map(({ ids, labels, segments }) => ({ input_ids: ids, labels, segment_ids: segments })),
      ),
      { rowGroupBytes: ROW_GROUP_BYTES },
    );

/** The same rows as an Arrow stream. */
export const writeArrow =
  ({ name }: ShardContext) =>
  (folder: AttemptFolder, rows: AsyncIterable<readonly PackedRow[]>): Promise<Output> =>
    folder.write(`${name}.arrow`, arrowStream(rows));

/** The small files beside a body: what of them the spec's formats want, and always the index that `verify` reads. */
export async function writeIndexes(
  folder: AttemptFolder,
  { name, spec, dtype, tokenizer }: ShardContext,
  lengths: readonly number[],
  places: readonly OlmoRow[],
): Promise<{ idx: Output; more: Output[] }> {
  const idx = await folder.put(`${name}.idx`, megatronIndex(lengths, dtype));
  const more: Output[] = [];
  if (spec.formats.includes('olmo')) more.push(await folder.put(`${name}.csv.gz`, olmoIndex(places)));
  if (spec.formats.includes('datatrove')) {
    const tokens = lengths.reduce((sum, each) => sum + each, 0);
    more.push(await folder.put(`${name}.ds.index`, datatroveIndex(lengths)));
    more.push(await folder.put(`${name}.ds.metadata`, datatroveMetadata(tokenizer, dtype, tokens)));
  }
  return { idx, more };
}

async function* mapped<A, B>(source: AsyncIterable<A>, map: (item: A) => B): AsyncGenerator<B> {
  for await (const item of source) yield map(item);
}
