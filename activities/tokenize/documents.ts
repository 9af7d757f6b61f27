import type { AttemptFolder, Output } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeRun } from '../../lake/exchange.ts';
import type { ColumnSpec } from '../../lake/parquet/write.ts';
import { writeTable } from '../../lake/table.ts';
import { tee } from '../../lake/tee.ts';
import { takes, type When } from '../mix/form.ts';
import { type Unit, unitRecord } from '../mix/unit.ts';
import { type Dtype, tokenBytes } from '../shards/dtype.ts';
import type { Tokens } from './encode.ts';

/** What the trainer will see, tokenized: BOS and EOS included. */
export interface TokenizedDocument extends Tokens {
  id: string;
  /** What a mix takes as a whole: a chain, or a text of its own. */
  unit: string;
  /** The mix source it belongs to: `augmented`, `raw` or `instructions-<index>`. */
  source: string;
  /** The draw of its slot; 0 where it has none. */
  draw: number;
  when: When;
  text: string;
}

export const DOCUMENTS = 'documents.parquet';
export const TOKENS = 'tokens.bin';
export const unitsName = (source: string): string => `units-${source}.run`;
export const DOCUMENT_COLUMNS = [
  { name: 'id', type: 'string', nullable: false },
  { name: 'unit', type: 'string', nullable: false },
  { name: 'source', type: 'string', nullable: false },
  { name: 'draw', type: 'double', nullable: false },
  { name: 'when', type: 'string', nullable: false },
  { name: 'text', type: 'string', nullable: false },
  { name: 'spans', type: 'json', nullable: false },
  { name: 'tokens', type: 'int32', nullable: false },
] as const satisfies readonly ColumnSpec[];

type Batches = AsyncIterable<readonly TokenizedDocument[]>;
type DocumentColumn = (typeof DOCUMENT_COLUMNS)[number]['name'];

/** Units, documents and tokens of one mix source in one partition: in the forms that were synthesized. */
export interface SourceTotals {
  units: number;
  documents: number;
  tokens: number;
}
export type Totals = Record<string, SourceTotals>;
/** What a partition's documents come to. */
export interface TokenizedCounts {
  /** In the forms that were synthesized, and in the others, which a mix with a smaller share takes. */
  documents: number;
  tokens: number;
  spareDocuments: number;
  spareTokens: number;
  /** Bytes of text that were tokenized, and those of them that were left to the library. */
  tokenizedBytes: number;
  slowBytes: number;
}

/**
 * Writes the documents of a partition: a table for people, their ids one after the other, and for each mix source the
 * units by hash, from which the mix cuts its share. Documents of one unit must stand together. Holds one batch, and some 100 bytes for
 * each unit.
 */
export async function writeDocuments(
  folder: AttemptFolder,
  documents: AsyncIterable<readonly TokenizedDocument[]> | Iterable<readonly TokenizedDocument[]>,
  sources: readonly string[],
  { seed, dtype, share }: { seed: string; dtype: Dtype; share: number },
): Promise<{ outputs: Output[]; totals: Totals; counts: TokenizedCounts }> {
  const totals: Totals = {};
  const counts = {
    documents: 0,
    tokens: 0,
    spareDocuments: 0,
    spareTokens: 0,
    tokenizedBytes: 0,
    slowBytes: 0,
  };
  const units: Record<string, Map<string, Unit & { unit: string }>> = {};
  const forms = { share, alsoRaw: false };
  for (const source of sources) {
    totals[source] = { units: 0, documents: 0, tokens: 0 };
    units[source] = new Map();
  }
  function count({ source, unit, draw, when, ids, bytes, slow }: TokenizedDocument): void {
    counts.tokenizedBytes += bytes;
    if (slow) counts.slowBytes += bytes;
    const total = totals[source];
    const known = units[source];
    if (total === undefined || known === undefined) throw new RangeError(`no mix source ${source}`);
    // The first part of a text without pairs is called as the whole text is.
    const name = `${unit} ${when}`;
    const each = known.get(name) ?? { unit, tokens: 0, documents: 0, draw, when };
    if (each.documents === 0) known.set(name, each);
    each.tokens += ids.length;
    each.documents++;
    if (!takes(forms, when, draw)) {
      counts.spareDocuments++;
      counts.spareTokens += ids.length;
      return;
    }
    if (each.documents === 1) total.units++;
    total.documents++;
    total.tokens += ids.length;
    counts.documents++;
    counts.tokens += ids.length;
  }
  async function* counted(): AsyncGenerator<readonly TokenizedDocument[]> {
    for await (const batch of documents) {
      for (const document of batch) count(document);
      yield batch;
    }
  }
  const [one, other] = tee(counted(), 2);
  async function* rows(): AsyncGenerator<Record<DocumentColumn, unknown>[]> {
    for await (const batch of one as Batches) {
      yield batch.map(({ ids, bytes: _, slow: __, ...rest }) => ({ ...rest, tokens: ids.length }));
    }
  }
  async function* bodies(): AsyncGenerator<Uint8Array> {
    for await (const batch of other as Batches)
      yield Buffer.concat(batch.map(({ ids }) => tokenBytes(ids, dtype)));
  }
  const outputs = await Promise.all([
    writeTable(folder, DOCUMENTS, DOCUMENT_COLUMNS, rows()),
    folder.write(TOKENS, bodies()),
  ]);
  for (const source of sources) {
    const records: ExchangeRecord[] = [];
    for (const each of units[source]?.values() ?? []) records.push(unitRecord(seed, source, each.unit, each));
    outputs.push(await folder.write(unitsName(source), encodeRun(records)));
  }
  return { outputs, totals, counts };
}
