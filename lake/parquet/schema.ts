import type { FileMetaData, SchemaTree } from 'hyparquet';
import { parquetSchema } from 'hyparquet';

/** What the values of a column are, as far as reading texts and ids goes. */
export type ColumnKind =
  | 'text'
  | 'integer'
  | 'float'
  | 'boolean'
  | 'time'
  | 'uuid'
  | 'decimal'
  | 'bytes'
  | 'list'
  | 'map'
  | 'struct';

/** A top-level column. */
export interface Column {
  name: string;
  kind: ColumnKind;
  /** Physical type and annotation, for messages. */
  type: string;
}

/** The top-level columns of a file, in its order. Throws TypeError where the schema is damaged. */
export function columnsOf(metadata: FileMetaData): Column[] {
  return parquetSchema(metadata).children.map((node) => {
    const { name } = node.element;
    if (typeof name !== 'string') throw new TypeError('a column has no name');
    return { name, kind: kindOf(node), type: describe(node) };
  });
}

/** True where a column's values stand one per row: neither nested nor repeated. */
export function isFlat(column: Column): boolean {
  return column.kind !== 'list' && column.kind !== 'map' && column.kind !== 'struct';
}

function annotation(node: SchemaTree): string | undefined {
  return node.element.logical_type?.type ?? node.element.converted_type;
}

function kindOf(node: SchemaTree): ColumnKind {
  const { element } = node;
  const note = annotation(node);
  if (note === 'LIST' || element.repetition_type === 'REPEATED') return 'list';
  if (note === 'MAP' || note === 'MAP_KEY_VALUE') return 'map';
  if (element.type === undefined) return 'struct';
  if (note === 'DECIMAL') return 'decimal';
  if (note === 'UUID') return 'uuid';
  if (element.type === 'BYTE_ARRAY') return textNote(note) ? 'text' : 'bytes';
  if (element.type === 'BOOLEAN') return 'boolean';
  if (element.type === 'FLOAT' || element.type === 'DOUBLE' || note === 'FLOAT16') return 'float';
  if (element.type === 'FIXED_LEN_BYTE_ARRAY') return 'bytes';
  if (element.type === 'INT96' || note === 'DATE' || note?.startsWith('TIME')) return 'time';
  return 'integer';
}

/** Byte arrays without an annotation count as text: many writers leave it out. */
function textNote(note: string | undefined): boolean {
  return note === undefined || note === 'STRING' || note === 'UTF8' || note === 'ENUM' || note === 'JSON';
}

function describe(node: SchemaTree): string {
  const note = annotation(node);
  const physical = node.element.type ?? 'group';
  return note === undefined ? physical : `${physical} ${note}`;
}
