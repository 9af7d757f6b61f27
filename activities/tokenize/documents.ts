import type { AttemptFolder, Output } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeRun } from '../../lake/exchange.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import { writeTable } from '../../lake/table.ts';
import { unitRecord } from '../mix/unit.ts';
import { type Dtype, tokenBytes } from '../shards/dtype.ts';
import type { Tokens } from './encode.ts';

/** What the trainer will see, tokenized: BOS and EOS included. */
export interface TokenizedDocument extends Tokens {
  id: string;
  /** What a mix takes as a whole: a chain, or a text of its own. */
  unit: string;
  /** The mix source it belongs to: `augmented`, `raw` or `instructions-<index>`. */
  source: string;
  text: string;
}

export const DOCUMENTS = 'documents.parquet';
export const TOKENS = 'tokens.bin';
export const unitsName = (source: string): string => `units-${source}.run`;
export const DOCUMENT_COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'unit', type: 'string', nullable: false },
  { name: 'source', type: 'string', nullable: false },
  { name: 'text', type: 'string', nullable: false },
  { name: 'spans', type: 'json', nullable: false },
  { name: 'tokens', type: 'int32', nullable: false },
] as const satisfies readonly ColumnSpec[];

type DocumentColumn = (typeof DOCUMENT_COLUMNS)[number]['name'];

/** Units, documents and tokens of one mix source in one partition. */
export interface SourceTotals {
  units: number;
  documents: number;
  tokens: number;
}
export type Totals = Record<string, SourceTotals>;
/** Bytes of text that were tokenized, and those of them that were left to the library. */
export interface TokenizedCounts {
  tokenizedBytes: number;
  slowBytes: number;
}

/**
 * Writes the documents of a partition: a table for people, their ids one after the other, and for each mix source the
 * units by hash, from which the mix cuts its share. Documents of one unit must stand together. Holds all ids, and of the
 * texts those of one batch.
 */
export async function writeDocuments(
  folder: AttemptFolder,
  documents: AsyncIterable<readonly TokenizedDocument[]> | Iterable<readonly TokenizedDocument[]>,
  sources: readonly string[],
  { seed, dtype }: { seed: string; dtype: Dtype },
): Promise<{ outputs: Output[]; totals: Totals; counts: TokenizedCounts }> {
  const totals: Totals = {};
  const counts = { tokenizedBytes: 0, slowBytes: 0 };
  const units: Record<string, Map<string, { tokens: number; documents: number }>> = {};
  for (const source of sources) {
    totals[source] = { units: 0, documents: 0, tokens: 0 };
    units[source] = new Map();
  }
  function count({ source, unit, ids, bytes, slow }: TokenizedDocument): void {
    counts.tokenizedBytes += bytes;
    if (slow) counts.slowBytes += bytes;
    const total = totals[source];
    const known = units[source];
    if (total === undefined || known === undefined) throw new RangeError(`no mix source ${source}`);
    const each = known.get(unit) ?? { tokens: 0, documents: 0 };
    if (each.documents === 0) {
      known.set(unit, each);
      total.units++;
    }
    each.tokens += ids.length;
    each.documents++;
    total.documents++;
    total.tokens += ids.length;
  }
  const bodies: Uint8Array[] = [];
  async function* rows(): AsyncGenerator<Record<DocumentColumn, unknown>[]> {
    for await (const batch of documents) {
      for (const document of batch) count(document);
      bodies.push(Buffer.concat(batch.map(({ ids }) => tokenBytes(ids, dtype))));
      yield batch.map(({ ids, bytes: _, slow: __, ...rest }) => ({ ...rest, tokens: ids.length }));
    }
  }
  const outputs = [
    await writeTable(folder, DOCUMENTS, DOCUMENT_COLUMNS, rows()),
    await folder.write(TOKENS, bodies),
  ];
  for (const source of sources) {
    const records: ExchangeRecord[] = [];
    for (const [unit, each] of units[source] ?? []) records.push(unitRecord(seed, source, unit, each));
    outputs.push(await folder.write(unitsName(source), encodeRun(records)));
  }
  return { outputs, totals, counts };
}
