import { BLOCK_ROWS, documentId } from '../../lake/identity.ts';
import { asId, asText } from '../../lake/parquet/cells.ts';
import { type Footer, readFooter } from '../../lake/parquet/footer.ts';
import type { PageMap } from '../../lake/parquet/page-map.ts';
import { type RowBatch, readRows } from '../../lake/parquet/rows.ts';
import type { SourceRun } from '../plan/partitions.ts';
import type { RunPins } from '../plan/pins.ts';
import type { Services } from '../services.ts';
import type { Check } from './check.ts';
import { checkedText, givenOf } from './row.ts';
import type { Reject, ScannedText } from './texts.ts';

/** Characters of a block's texts that are held until its valid ones are counted; a larger block is read twice. */
const BLOCK_CHARACTERS = 64 * 2 ** 20;

export interface ScanOptions {
  /** Where the rows of large row groups begin, of those that the share has pages of. */
  maps: readonly PageMap[];
  checks: readonly Check[];
  onReject: (reject: Reject) => void;
  blockCharacters?: number;
}

/**
 * The texts of one source's share of a partition that are valid and pass the checks, in order, a block or less at a time,
 * their hashes still open; its rejects are handed over.
 * Throws what reading throws, when texts may have come already.
 */
export async function* scanSource(
  { store, checkCancelled }: Services,
  { spec: { input } }: RunPins,
  run: SourceRun,
  { maps, checks, onReject, blockCharacters = BLOCK_CHARACTERS }: ScanOptions,
): AsyncGenerator<ScannedText[]> {
  const object = { key: run.key, etag: run.etag, size: run.size };
  const footer = await readFooter(store, object);
  const columns = [input.text, input.id, input.title, input.pairs].filter((name) => name !== undefined);
  const rows = (rowStart: number, rowEnd: number): AsyncGenerator<RowBatch> =>
    readRows(store, object, footer, { columns, rowStart, rowEnd, maps });

  let block: Block | undefined;
  let held: ScannedText[] = [];
  let size = 0;
  let seen = 0;
  for await (const batch of rows(run.rowStart, run.rowEnd)) {
    checkCancelled();
    block ??= blockAt(footer, batch.firstRow);
    for (const row of validRows(batch, block, seen, onReject)) {
      seen++;
      size += row.text.length + (row.given?.length ?? 0);
      if (size <= blockCharacters) held.push(row);
      else held = [];
    }
    if (batch.firstRow + batch.rows.length < block.end) continue;
    if (size <= blockCharacters) {
      yield counted(held, seen);
    } else {
      let ordinal = 0;
      for await (const again of rows(block.start, block.end)) {
        checkCancelled();
        const texts = [...validRows(again, block, ordinal, () => {})];
        ordinal += texts.length;
        yield counted(texts, seen);
      }
    }
    block = undefined;
    held = [];
    size = 0;
    seen = 0;
  }

  /** The valid rows of a batch, the first of which is number `ordinal` among those of the block. */
  function* validRows(
    batch: RowBatch,
    { start }: Block,
    ordinal: number,
    reject: (reject: Reject) => void,
  ): Generator<ScannedText> {
    for (const [i, cells] of batch.rows.entries()) {
      const row = batch.firstRow + i;
      const id = input.id === undefined ? null : (asId(cells[input.id]) ?? null);
      const found = checkedText(cells[input.text], checks, { key: run.key, row });
      if ('reason' in found) {
        reject({ key: run.key, row, id, ...found });
        continue;
      }
      yield {
        document: documentId(run.key, row),
        source: run.source,
        key: run.key,
        row,
        block: start,
        ordinal: ordinal++,
        valid: 0,
        id,
        title: input.title === undefined ? null : titleOf(cells[input.title]),
        text: found.text,
        given: input.pairs === undefined ? null : givenOf(cells[input.pairs]),
        hash: '',
      };
    }
  }
}

/** The texts of a block, told how many valid ones it has. */
function counted(texts: ScannedText[], valid: number): ScannedText[] {
  for (const text of texts) text.valid = valid;
  return texts;
}

/** Rows [start, end) of a block, in the file. */
interface Block {
  start: number;
  end: number;
}

/** The block of a row (partitions are whole blocks, and batches never cross one). */
function blockAt({ rowGroups }: Footer, row: number): Block {
  const group = rowGroups.find(({ firstRow, rows }) => row >= firstRow && row < firstRow + rows);
  const { firstRow, rows } = group ?? { firstRow: 0, rows: 0 };
  const start = row - ((row - firstRow) % BLOCK_ROWS);
  return { start, end: Math.min(start + BLOCK_ROWS, firstRow + rows) };
}

function titleOf(cell: unknown): string | null {
  const title = asText(cell);
  return title !== undefined && 'text' in title ? title.text : null;
}
