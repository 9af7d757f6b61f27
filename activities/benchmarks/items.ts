import { BadBenchmark, SchemaMismatch } from '../../lake/errors.ts';
import { byNearness } from '../../lake/nearest.ts';
import { readFooter, type SourceObject } from '../../lake/parquet/footer.ts';
import { readRows } from '../../lake/parquet/rows.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { BenchmarkField } from '../../workflows/contract.ts';
import { FIELDS, type Item } from './benchmark-index.ts';
import { linesOf } from './lines.ts';
import { textsAt } from './values.ts';

/** Where each field of an item stands. */
export type FieldPaths = Partial<Record<BenchmarkField, string>>;
/** An item, or why there is none in that row or line. */
export type ReadItem = Omit<Item, 'object'> | { row: number; problem: string };

/** Names of columns or properties that a message shows. */
const NAMES_SHOWN = 12;

/**
 * The items of an object of a set: rows of Parquet (from 0), lines of JSONL (from 1). Throws SchemaMismatch where it has not what
 * the spec names, or an object there; BadBenchmark where not one line is a record; and what reading throws.
 */
export async function* itemsOf(
  store: ObjectStore,
  source: SourceObject,
  paths: FieldPaths,
): AsyncGenerator<ReadItem> {
  const named = FIELDS.flatMap((field) => {
    const path = paths[field];
    return path === undefined ? [] : [{ field, path }];
  });
  const where = { bucket: store.bucket, key: source.key };
  const there = new Set<BenchmarkField>();
  let names: string[] = [];
  let records = 0;
  let problem: string | undefined;
  for await (const { row, record, broken } of recordsOf(store, source, named)) {
    if (record === undefined) {
      problem ??= `line ${row}: ${broken}`;
      yield { row, problem: broken ?? '' };
      continue;
    }
    if (records++ === 0) names = Object.keys(record);
    const values: Item['values'] = {};
    let odd: string | undefined;
    for (const { field, path } of named) {
      const found = textsAt(record, path);
      if (found.there) there.add(field);
      if (found.problem?.startsWith('an object')) {
        throw new SchemaMismatch(
          `${JSON.stringify(path)}, the ${field} of an evaluation set, is ${found.problem}; name a member of it, as "${path}.text"`,
          { ...where, row },
        );
      }
      odd ??= found.problem && `${path} is ${found.problem}`;
      values[field] = found.texts;
    }
    // What can be read of it is looked for all the same.
    yield { row, values };
    if (odd !== undefined) yield { row, problem: odd };
  }
  if (records === 0 && problem !== undefined) {
    throw new BadBenchmark(`not one line is a JSON object (${problem})`, where);
  }
  for (const { field, path } of records === 0 ? [] : named) {
    if (there.has(field)) continue;
    const near = byNearness(path, names).slice(0, NAMES_SHOWN);
    throw new SchemaMismatch(
      `no item has ${JSON.stringify(path)}, the ${field} of an evaluation set; the first has ${near.map((each) => JSON.stringify(each)).join(', ')}`,
      where,
    );
  }
}

interface ReadRecord {
  row: number;
  record?: Record<string, unknown>;
  broken?: string;
}

async function* recordsOf(
  store: ObjectStore,
  source: SourceObject,
  named: readonly { path: string }[],
): AsyncGenerator<ReadRecord> {
  if (source.key.endsWith('.jsonl')) {
    for await (const line of linesOf(store, source)) yield parsed(line);
    return;
  }
  const footer = await readFooter(store, source);
  const has = (name: string): boolean => footer.columns.some((column) => column.name === name);
  // A column of that very name, or that of its first part. One that is not there is refused with the nearest names.
  const columns = named.map(({ path }) => (has(path) ? path : (path.split('.')[0] ?? path)));
  for await (const { firstRow, rows } of readRows(store, source, footer, { columns })) {
    for (const [i, record] of rows.entries()) yield { row: firstRow + i, record };
  }
}

function parsed(line: { number: number } & ({ text: string } | { problem: string })): ReadRecord {
  const { number: row } = line;
  if ('problem' in line) return { row, broken: line.problem };
  try {
    const record = JSON.parse(line.text) as unknown;
    if (typeof record === 'object' && record !== null && !Array.isArray(record)) {
      return { row, record: record as Record<string, unknown> };
    }
    return { row, broken: 'not a JSON object' };
  } catch {
    // What the parser says of it is another thing in each version of Node.
    return { row, broken: 'not JSON' };
  }
}
