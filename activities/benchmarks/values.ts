import { isInvalidUtf8 } from '../../lake/parquet/cells.ts';

/** What stands at a path of a record: texts, and what is none of them. */
export interface Found {
  texts: string[];
  /** Why something there is no text; undefined where all is. */
  problem: string | undefined;
  /** Whether a record has the path at all, be it null. */
  there: boolean;
}

/**
 * The texts at a path of a record: a property of that very name, else property by property between its dots. Lists give all of
 * their members, numbers and truth values their words; null gives none.
 */
export function textsAt(record: Readonly<Record<string, unknown>>, path: string): Found {
  const found: Found = { texts: [], problem: undefined, there: false };
  if (Object.hasOwn(record, path)) gather(record[path], [], found);
  else gather(record, path.split('.'), found);
  return found;
}

function gather(value: unknown, [name, ...rest]: string[], found: Found): void {
  if (Array.isArray(value)) {
    for (const each of value) gather(each, name === undefined ? [] : [name, ...rest], found);
    if (name === undefined) found.there = true;
    return;
  }
  const isRecord = typeof value === 'object' && value !== null && !isInvalidUtf8(value);
  if (name !== undefined) {
    if (isRecord && Object.hasOwn(value, name)) gather((value as Record<string, unknown>)[name], rest, found);
    return;
  }
  found.there = true;
  if (value === null || value === undefined) return;
  if (isRecord) found.problem ??= `an object (${Object.keys(value).slice(0, 12).join(', ')})`;
  else if (isInvalidUtf8(value)) found.problem ??= 'not UTF-8';
  else found.texts.push(String(value));
}
