import { BadImport } from '../../lake/errors.ts';
import { type ColumnSpec, openParquet } from '../../lake/parquet/write.ts';
import { cellFor, startInference } from './infer.ts';
import { linesOf } from './lines.ts';
import { parseRecord } from './records.ts';

export interface JsonlShape {
  columns: ColumnSpec[];
  rows: number;
}

/** More keys than this are not columns but data. */
const MAX_COLUMNS = 2000;

/** Reads a JSONL file once from end to end: every line must parse, every key becomes a column. Throws BadImport. */
export async function inspectJsonl(path: string, gzipped: boolean): Promise<JsonlShape> {
  const inference = startInference();
  let rows = 0;
  for await (const lines of linesOf(path, gzipped)) {
    for (const line of lines) {
      inference.add(parseRecord(path, line));
      rows += 1;
      if (inference.keys > MAX_COLUMNS) {
        throw new BadImport(`${path}, line ${line.number}: more than ${MAX_COLUMNS} different keys by now`);
      }
    }
  }
  if (rows === 0) throw new BadImport(`${path}: there are no records in it`);
  if (inference.keys === 0) throw new BadImport(`${path}: its records have no keys`);
  return { columns: inference.columns(), rows };
}

/** The same file as Parquet, with the columns that `inspectJsonl` found; equal files give equal bytes. Throws BadImport. */
export async function* jsonlToParquet(
  path: string,
  gzipped: boolean,
  shape: JsonlShape,
): AsyncGenerator<Uint8Array> {
  const stream = openParquet(shape.columns);
  let rows = 0;
  for await (const lines of linesOf(path, gzipped)) {
    const records = lines.map((line) => parseRecord(path, line));
    const batch = shape.columns.map(({ name, type }) => [
      name,
      records.map((record) => cellFor(type, record.get(name))),
    ]);
    rows += records.length;
    try {
      yield* stream.append(Object.fromEntries(batch));
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw new BadImport(`${path}: it changed while it was read: ${cause.message}`, {}, { cause });
    }
  }
  if (rows !== shape.rows) throw new BadImport(`${path}: it changed while it was read`);
  yield* stream.finish();
}
