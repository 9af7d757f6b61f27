import type { ExchangeRecord } from '../../lake/exchange.ts';
import { hash64 } from '../../lake/random.ts';

/** The order in which a mix takes the units of a source: a hash of seed, source and unit, the same in every partition. */
export const unitKey = (seed: string, source: string, unit: string): bigint =>
  hash64(seed, 'mix', `${source}/${unit}`);

/** Unit record: key = `unitKey`; payload = the unit's id (16 bytes), its tokens and its documents (u32 each, big-endian). */
export function unitRecord(
  seed: string,
  source: string,
  unit: string,
  { tokens, documents }: { tokens: number; documents: number },
): ExchangeRecord {
  const payload = Buffer.alloc(24);
  payload.write(unit, 0, 'hex');
  payload.writeUInt32BE(tokens, 16);
  payload.writeUInt32BE(documents, 20);
  return { key: unitKey(seed, source, unit), payload };
}
export function unitOf({ payload }: ExchangeRecord): { unit: string; tokens: number; documents: number } {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    unit: view.toString('hex', 0, 16),
    tokens: view.readUInt32BE(16),
    documents: view.readUInt32BE(20),
  };
}
