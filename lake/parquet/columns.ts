import { SchemaMismatch } from '../errors.ts';
import { byNearness } from '../nearest.ts';
import type { Footer } from './footer.ts';
import type { Column, ColumnKind } from './schema.ts';

const TEXT: ReadonlySet<ColumnKind> = new Set(['text']);
const ID: ReadonlySet<ColumnKind> = new Set(['text', 'integer', 'float', 'time', 'uuid']);
const PAIRS: ReadonlySet<ColumnKind> = new Set(['text', 'list', 'struct']);
const NAMES_SHOWN = 12;

/** The named column, which must hold text (any byte array that is not annotated as something else). Throws SchemaMismatch. */
export function requireTextColumn(footer: Footer, name: string): Column {
  return requireKind(footer, name, TEXT, 'text');
}

/** The named column, which must hold text, numbers, times or UUIDs. Throws SchemaMismatch. */
export function requireIdColumn(footer: Footer, name: string): Column {
  return requireKind(footer, name, ID, 'an id (text, number, time or UUID)');
}

/** The named column, which must hold pairs: JSON, or a list or struct. Throws SchemaMismatch. */
export function requirePairsColumn(footer: Footer, name: string): Column {
  return requireKind(footer, name, PAIRS, 'pairs (JSON, or a list of structs)');
}

/** The named column, whatever it holds. Throws SchemaMismatch. */
export function requireColumn(footer: Footer, name: string): Column {
  const where = { bucket: footer.bucket, key: footer.key, column: name };
  const [column, other] = footer.columns.filter((candidate) => candidate.name === name);
  if (column === undefined) {
    throw new SchemaMismatch(`there is no column ${JSON.stringify(name)}; ${listed(footer, name)}`, where);
  }
  if (other !== undefined) {
    throw new SchemaMismatch(`the name ${JSON.stringify(name)} belongs to more than one column`, where);
  }
  return column;
}

function requireKind(footer: Footer, name: string, kinds: ReadonlySet<ColumnKind>, wanted: string): Column {
  const column = requireColumn(footer, name);
  if (kinds.has(column.kind)) return column;
  throw new SchemaMismatch(
    `column ${JSON.stringify(name)} is ${column.kind} (${column.type}) and cannot be ${wanted}`,
    { bucket: footer.bucket, key: footer.key, column: name },
  );
}

function listed(footer: Footer, name: string): string {
  const names = byNearness(
    name,
    footer.columns.map((column) => column.name),
  );
  if (names.length === 0) return 'the file has no columns';
  const shown = names.slice(0, NAMES_SHOWN).map((each) => JSON.stringify(each));
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  return `the file has ${shown.join(', ')}${more}`;
}
