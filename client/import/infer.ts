import type { ColumnSpec, ColumnType } from '../../lake/parquet/write.ts';
import { type JsonRecord, jsonText } from './records.ts';

/** What was seen of a key's values; null and missing leave no trace. */
interface Seen {
  string: boolean;
  boolean: boolean;
  /** Whole numbers that a double holds exactly. */
  small: boolean;
  /** Whole numbers beyond that, within 64 bits. */
  large: boolean;
  fraction: boolean;
  /** Arrays, objects, and whole numbers beyond 64 bits. */
  other: boolean;
}

/** Gathers the keys of records, in the order in which they first appear, and what their values are. */
export interface Inference {
  add(record: JsonRecord): void;
  readonly keys: number;
  columns(): ColumnSpec[];
}

export function startInference(): Inference {
  const byKey = new Map<string, Seen>();
  return {
    add(record) {
      for (const [key, value] of record) {
        const seen = byKey.get(key) ?? blank();
        note(seen, value);
        byKey.set(key, seen);
      }
    },
    get keys() {
      return byKey.size;
    },
    columns: () => [...byKey].map(([name, seen]) => ({ name, type: typeOf(seen) })),
  };
}

/** A value as a column of that type takes it. */
export function cellFor(type: ColumnType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (type === 'string') return typeof value === 'string' ? value : jsonText(value);
  return value;
}

function blank(): Seen {
  return { string: false, boolean: false, small: false, large: false, fraction: false, other: false };
}

function note(seen: Seen, value: unknown): void {
  if (value === null) return;
  if (typeof value === 'string') seen.string = true;
  else if (typeof value === 'boolean') seen.boolean = true;
  else if (typeof value === 'number') seen[Number.isSafeInteger(value) ? 'small' : 'fraction'] = true;
  else if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) seen.large = true;
  else seen.other = true;
}

/** One kind of value keeps its type; a mixture becomes text, strings as they are and the rest as JSON. */
function typeOf({ string, boolean, small, large, fraction, other }: Seen): ColumnType {
  const number = small || large || fraction;
  if (string || other || (boolean && number) || (large && fraction)) return 'string';
  if (boolean) return 'boolean';
  if (fraction) return 'double';
  return number ? 'int64' : 'string';
}
