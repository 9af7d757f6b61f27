import type { ExchangeRecord } from '../../lake/exchange.ts';

/**
 * Exact dedupe record: key = the first 8 bytes of the text's hash; payload = its 16 bytes, then the place in keep order,
 * source ordinal (u32) and row (u48), big-endian, so that among equal texts the one to keep sorts first.
 */
export function exactRecord({
  hash,
  source,
  row,
}: {
  hash: string;
  source: number;
  row: number;
}): ExchangeRecord {
  const payload = Buffer.alloc(26);
  payload.write(hash, 0, 'hex');
  payload.writeUInt32BE(source, 16);
  payload.writeUIntBE(row, 20, 6);
  return { key: payload.readBigUInt64BE(0), payload };
}
export interface ExactPlace {
  hash: string;
  source: number;
  row: number;
}
export function exactPlace(payload: Uint8Array): ExactPlace {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return { hash: view.toString('hex', 0, 16), source: view.readUInt32BE(16), row: view.readUIntBE(20, 6) };
}

/** A verdict: this document is dropped, in favour of that one. */
export interface Verdict {
  source: number;
  row: number;
  keptSource: number;
  keptRow: number;
}

/** The exchange key of a row: source ordinal above, row in the lower 40 bits. */
export const rowKey = (source: number, row: number): bigint => (BigInt(source) << 40n) | BigInt(row);

/** Verdict record: key = the dropped row; payload = the kept source (u32) and row (u48), big-endian. */
export function verdictRecord({ source, row, keptSource, keptRow }: Verdict): ExchangeRecord {
  const payload = Buffer.alloc(10);
  payload.writeUInt32BE(keptSource, 0);
  payload.writeUIntBE(keptRow, 4, 6);
  return { key: rowKey(source, row), payload };
}
export function verdictOf({ key, payload }: ExchangeRecord): Verdict {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    source: Number(key >> 40n),
    row: Number(key & 0xff_ffff_ffffn),
    keptSource: view.readUInt32BE(0),
    keptRow: view.readUIntBE(4, 6),
  };
}
