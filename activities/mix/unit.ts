import type { ExchangeRecord } from '../../lake/exchange.ts';
import { hash64 } from '../../lake/random.ts';
import { WHENS, type When } from './form.ts';

/** What a mix takes as a whole: a chain, or a text of its own. */
export interface Unit {
  tokens: number;
  documents: number;
  /** The draw of its slot, in [0, 1): a mix with a larger share takes its converted form. */
  draw: number;
  when: When;
}

/** The order in which a mix takes the units of a source: a hash of seed, source and unit, the same in every partition. */
export const unitKey = (seed: string, source: string, unit: string): bigint =>
  hash64(seed, 'mix', `${source}/${unit}`);

/**
 * Unit record: key = `unitKey`; payload = the unit's id (16 bytes), its tokens and its documents (u32 each), its slot's draw (f64) and
 * when it is taken (u8, index in `WHENS`), all big-endian.
 */
export function unitRecord(seed: string, source: string, unit: string, of: Unit): ExchangeRecord {
  const payload = Buffer.alloc(33);
  payload.write(unit, 0, 'hex');
  payload.writeUInt32BE(of.tokens, 16);
  payload.writeUInt32BE(of.documents, 20);
  payload.writeDoubleBE(of.draw, 24);
  payload.writeUInt8(WHENS.indexOf(of.when), 32);
  return { key: unitKey(seed, source, unit), payload };
}
export function unitOf({ payload }: ExchangeRecord): Unit & { unit: string } {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    unit: view.toString('hex', 0, 16),
    tokens: view.readUInt32BE(16),
    documents: view.readUInt32BE(20),
    draw: view.readDoubleBE(24),
    when: WHENS[view.readUInt8(32)] ?? 'always',
  };
}
