import { isUtf8 } from 'node:buffer';

/** A text cell whose bytes are not UTF-8, kept as they are. */
export interface InvalidUtf8 {
  invalidUtf8: true;
  bytes: Uint8Array;
}

/** The text of UTF-8 bytes (a byte order mark is part of it), or undefined where they are not UTF-8. */
export function decodeUtf8Strict(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

export function isInvalidUtf8(cell: unknown): cell is InvalidUtf8 {
  return typeof cell === 'object' && cell !== null && 'invalidUtf8' in cell && cell.invalidUtf8 === true;
}

/** A cell of a column that passed `requireTextColumn`; undefined for null. */
export function asText(cell: unknown): { text: string } | InvalidUtf8 | undefined {
  if (typeof cell === 'string') return { text: cell };
  if (isInvalidUtf8(cell)) return cell;
  if (cell === null || cell === undefined) return undefined;
  throw new TypeError(`a text cell cannot be of type ${typeof cell}`);
}

/**
 * A cell of a column that passed `requireIdColumn`, as one canonical string: numbers in decimal, bytes that are not
 * UTF-8 as `0x…`. Undefined for null and NaN (which is how pandas writes a missing number).
 */
export function asId(cell: unknown): string | undefined {
  if (cell === null || cell === undefined || Number.isNaN(cell)) return undefined;
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'bigint' || typeof cell === 'number') return String(cell);
  if (isInvalidUtf8(cell)) return `0x${Buffer.from(cell.bytes).toString('hex')}`;
  throw new TypeError(`an id cell cannot be of type ${typeof cell}`);
}

/** What hyparquet makes of annotated values. It decodes text leniently and cuts times to milliseconds by itself. */
export const PARSERS = {
  stringFromBytes: textCell,
  jsonFromBytes: textCell,
  dateFromDays: (days: number): string => isoTime(BigInt(days) * 86_400n, 0n, 0).slice(0, 10),
  timestampFromMilliseconds: (count: bigint): string => timeCell(count, 3),
  timestampFromMicroseconds: (count: bigint): string => timeCell(count, 6),
  timestampFromNanoseconds: (count: bigint): string => timeCell(count, 9),
};

function textCell(bytes: unknown): string | InvalidUtf8 {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('a byte array was expected');
  return decodeUtf8Strict(bytes) ?? { invalidUtf8: true, bytes: bytes.slice() };
}

/** ISO 8601 in UTC with all `digits` of the fraction. */
function timeCell(count: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const fraction = ((count % unit) + unit) % unit;
  return isoTime((count - fraction) / unit, fraction, digits);
}

function isoTime(seconds: bigint, fraction: bigint, digits: number): string {
  const milliseconds = Number(seconds) * 1000;
  // Beyond the years that Date knows, the number itself is still exact.
  if (Math.abs(milliseconds) > 8.64e15) return `${seconds}.${String(fraction).padStart(digits, '0')}`;
  const whole = new Date(milliseconds).toISOString().slice(0, -5);
  return `${whole}.${String(fraction).padStart(digits, '0')}Z`;
}
