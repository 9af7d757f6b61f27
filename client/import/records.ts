import { BadImport } from '../../lake/errors.ts';
import type { Line } from './lines.ts';

/** A JSON object of one line. Integers that a JavaScript number cannot hold exactly are bigints. */
export type JsonRecord = Map<string, unknown>;

/** Stands before the digits of a big integer while they pass through JSON.parse as a string. */
const MARK = '\u0000int:';
const DIGITS = /^-?\d+$/;
const MARKED_JSON = /"\\u0000int:(-?\d+)"/g;
/** A string, or a number: whatever in valid JSON can contain digits. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** Parses one line. Throws BadImport with file and line where it is not a JSON object. */
export function parseRecord(path: string, line: Line): JsonRecord {
  const where = `${path}, line ${line.number}`;
  let value: unknown;
  try {
    value = JSON.parse(line.text);
    if (/\d{16}/.test(line.text)) value = JSON.parse(markBigIntegers(line.text));
  } catch (cause) {
    throw new BadImport(
      `${where}: not JSON: ${cause instanceof Error ? cause.message : cause}`,
      {},
      { cause },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadImport(`${where}: a JSON object was expected, one record per line`);
  }
  return new Map(Object.entries(value).map(([key, member]) => [key, unmark(member)]));
}

/** The JSON text of a member, big integers with all their digits. */
export function jsonText(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value).replace(MARKED_JSON, '$1');
}

function markBigIntegers(text: string): string {
  return text.replace(STRING_OR_NUMBER, (token) =>
    /^-?\d{16,}$/.test(token) ? `"\\u0000int:${token}"` : token,
  );
}

function unmark(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(MARK)) return value;
  const digits = value.slice(MARK.length);
  if (!DIGITS.test(digits)) return value;
  const integer = BigInt(digits);
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}
