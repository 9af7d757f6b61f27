import { open } from 'node:fs/promises';
import { givenOf } from '../../activities/scan/row.ts';
import { itemsOf, pairFrom, parseGiven } from '../../activities/synthesize/given.ts';
import { BadImport, LakeError } from '../../lake/errors.ts';
import { asId, asText } from '../../lake/parquet/cells.ts';
import { readFooter } from '../../lake/parquet/footer.ts';
import { readRows } from '../../lake/parquet/rows.ts';
import { openParquet } from '../../lake/parquet/write.ts';
import { PAIR_COLUMNS } from '../../lake/spec/from.ts';
import type { ReadStore } from '../../lake/store.ts';
import type { FoundFile } from './files.ts';
import { linesOf } from './lines.ts';
import { jsonText, parseRecord } from './records.ts';

/** What a file of contexts with pairs has. */
export interface PairsShape {
  rows: number;
  pairs: number;
  /** What is no pair, by reason; a run counts it too. */
  drops: Record<string, number>;
}

/** A context and its pairs, as JSON. */
interface PairsRow {
  id: string | null;
  title: string | null;
  context: string | null;
  pairs: string | null;
}
const COLUMNS = [
  { name: PAIR_COLUMNS.id, type: 'string' },
  { name: PAIR_COLUMNS.title, type: 'string' },
  { name: PAIR_COLUMNS.text, type: 'string' },
  { name: PAIR_COLUMNS.pairs, type: 'string' },
] as const;
/** Names of the column of pairs: ours, and that of published augmented corpora (paper: `QA_list`). */
const PAIRS = [PAIR_COLUMNS.pairs, 'QA_list'];

/** Reads a file of contexts with pairs once from end to end. Throws BadImport. */
export async function inspectPairs(file: FoundFile): Promise<PairsShape> {
  const shape: PairsShape = { rows: 0, pairs: 0, drops: {} };
  let contexts = 0;
  for await (const rows of pairsRows(file)) {
    for (const { context, pairs: cell } of rows) {
      if (context !== null) contexts++;
      const { pairs, drops } = parseGiven(cell ?? '');
      shape.rows++;
      shape.pairs += pairs.length;
      for (const { reason } of drops) shape.drops[reason] = (shape.drops[reason] ?? 0) + 1;
    }
  }
  if (shape.rows === 0) throw new BadImport(`${file.path}: there are no records in it`);
  if (contexts === 0) throw new BadImport(`${file.path}: no record has "${PAIR_COLUMNS.text}"`);
  if (shape.pairs === 0) {
    throw new BadImport(
      `${file.path}: there is not one pair in it; ${PAIRS.join(' or ')} is a list of objects with question and answer, or Q and A`,
    );
  }
  return shape;
}

/** The same file as Parquet, in the columns of our pairs; equal files give equal bytes. Throws BadImport. */
export async function* pairsToParquet(file: FoundFile, shape: PairsShape): AsyncGenerator<Uint8Array> {
  const stream = openParquet(COLUMNS);
  let count = 0;
  for await (const rows of pairsRows(file)) {
    count += rows.length;
    yield* stream.append({
      id: rows.map(({ id }) => id),
      title: rows.map(({ title }) => title),
      context: rows.map(({ context }) => context),
      pairs: rows.map(({ pairs }) => spelledOut(pairs)),
    });
  }
  if (count !== shape.rows) throw new BadImport(`${file.path}: it changed while it was read`);
  yield* stream.finish();
}

/** The same pairs in our own fields; what is no pair stays as it is. */
function spelledOut(cell: string | null): string | null {
  const items = cell === null ? undefined : itemsOf(cell);
  if (items === undefined) return cell;
  return JSON.stringify(
    items.map((item) => {
      const pair = pairFrom(item);
      if (typeof pair === 'string') return item;
      const { kind: _, ...fields } = pair;
      return fields;
    }),
  );
}

/** The rows of such a file, some at a time. Throws BadImport. */
export const pairsRows = (file: FoundFile): AsyncGenerator<PairsRow[]> =>
  file.format === 'parquet' ? fromParquet(file.path) : fromJsonl(file.path, file.format === 'jsonl.gz');

async function* fromJsonl(path: string, gzipped: boolean): AsyncGenerator<PairsRow[]> {
  for await (const lines of linesOf(path, gzipped)) {
    yield lines.map((line) => {
      const record = parseRecord(path, line);
      const where = `${path}, line ${line.number}`;
      const pairs = PAIRS.map((name) => record.get(name)).find((value) => value != null);
      const text = (key: string): string | null => {
        const value = record.get(key) ?? null;
        if (value === null || typeof value === 'string') return value;
        throw new BadImport(`${where}: ${key} is no text`);
      };
      const id = record.get(PAIR_COLUMNS.id) ?? null;
      return {
        id: id === null || typeof id === 'string' ? id : jsonText(id),
        title: text(PAIR_COLUMNS.title),
        context: text(PAIR_COLUMNS.text),
        pairs: pairs === undefined || typeof pairs === 'string' ? (pairs ?? null) : jsonText(pairs),
      };
    });
  }
}

async function* fromParquet(path: string): AsyncGenerator<PairsRow[]> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new BadImport(`${path}: it cannot be opened`, {}, { cause });
  });
  try {
    const { size } = await file.stat();
    const store: ReadStore = {
      bucket: '',
      async get(_, { range: [start, end] = [0, size] } = {}) {
        const buffer = new Uint8Array(end - start);
        const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
        return buffer.subarray(0, bytesRead);
      },
    };
    const source = { key: path, etag: '', size };
    const footer = await readFooter(store, source);
    const known = footer.columns.map(({ name }) => name);
    const [pairs, ...others] = namesIn(path, known);
    for await (const { rows } of readRows(store, source, footer, { columns: [pairs, ...others] })) {
      yield rows.map((row) => ({
        id: asId(row[PAIR_COLUMNS.id]) ?? null,
        title: textOf(row[PAIR_COLUMNS.title]),
        context: textOf(row[PAIR_COLUMNS.text]),
        pairs: givenOf(row[pairs]),
      }));
    }
  } catch (cause) {
    if (!(cause instanceof LakeError) || cause instanceof BadImport) throw cause;
    throw new BadImport(`${path}: ${cause.message}`, {}, { cause });
  } finally {
    await file.close();
  }
}

/** Bytes that are no text are none: the run rejects the row for it. */
function textOf(cell: unknown): string | null {
  const found = asText(cell);
  return found !== undefined && 'text' in found ? found.text : null;
}

/** The column of pairs, and the others that are there. Throws BadImport where context or pairs are missing. */
function namesIn(where: string, known: readonly string[]): [pairs: string, ...others: string[]] {
  const pairs = PAIRS.find((name) => known.includes(name));
  if (pairs === undefined || !known.includes(PAIR_COLUMNS.text)) {
    throw new BadImport(
      `${where}: pairs need "${PAIR_COLUMNS.text}" and "${PAIRS.join('" or "')}"; it has ${known.map((name) => JSON.stringify(name)).join(', ') || 'nothing'}`,
    );
  }
  const others = [PAIR_COLUMNS.text, PAIR_COLUMNS.id, PAIR_COLUMNS.title].filter((name) =>
    known.includes(name),
  );
  return [pairs, ...others];
}
