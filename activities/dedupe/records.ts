import type { ExchangeRecord } from '../../lake/exchange.ts';
import { VALUES } from './signature.ts';

/**
 * What dedupe sends through the exchange. A *place* is source ordinal (u32) and row (u48), big-endian: places sort in
 * keep order.
 */
export interface Place {
  source: number;
  row: number;
}
const PLACE_BYTES = 10;
const HASH_BYTES = 16;

const viewOf = (payload: Uint8Array): Buffer =>
  Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);

function writePlace(payload: Buffer, { source, row }: Place, at: number): void {
  payload.writeUInt32BE(source, at);
  payload.writeUIntBE(row, at + 4, 6);
}
const placeAt = (payload: Buffer, at: number): Place => ({
  source: payload.readUInt32BE(at),
  row: payload.readUIntBE(at + 4, 6),
});

const ROW_BITS = 36n;
const MAX_SOURCES = 2 ** 28;
const MAX_ROWS = 2 ** 36;

/** The exchange key of a row: source ordinal in the upper 28 bits, row in the lower 36. Throws RangeError beyond them. */
export function rowKey({ source, row }: Place): bigint {
  if (source >= MAX_SOURCES) {
    throw new RangeError(`source ${source} of a domain: there is room for ${MAX_SOURCES} sources`);
  }
  if (row >= MAX_ROWS) throw new RangeError(`row ${row} of a source: there is room for ${MAX_ROWS} rows`);
  return (BigInt(source) << ROW_BITS) | BigInt(row);
}
export const rowOf = (key: bigint): Place => ({
  source: Number(key >> ROW_BITS),
  row: Number(key & ((1n << ROW_BITS) - 1n)),
});

/** By which exact duplicates meet: key = the first 8 bytes of the text's hash; payload = its 16 bytes, then the place. */
export function exactRecord({ hash, ...place }: Place & { hash: string }): ExchangeRecord {
  const payload = Buffer.alloc(HASH_BYTES + PLACE_BYTES);
  payload.write(hash, 0, 'hex');
  writePlace(payload, place, HASH_BYTES);
  return { key: payload.readBigUInt64BE(0), payload };
}
/** The payload by which near-duplicates meet; the key is that of the band. */
export function bandPayload(place: Place): Uint8Array {
  const payload = Buffer.alloc(PLACE_BYTES);
  writePlace(payload, place, 0);
  return payload;
}
/** Who stands in a bucket: `hash` is empty in those of a band. Their payloads tell the two apart by length. */
export function bucketEntry(payload: Uint8Array): Place & { hash: string } {
  const view = viewOf(payload);
  if (view.length === PLACE_BYTES) return { hash: '', ...placeAt(view, 0) };
  return { hash: view.toString('hex', 0, HASH_BYTES), ...placeAt(view, HASH_BYTES) };
}

/**
 * The signature of a row: key = the row; payload = the lower 16 bits of each value, little-endian. Two values that
 * differ agree in them once in 65,536 times, which moves an estimate by nothing that shows, and halves what is kept.
 */
export function signaturePayload(signature: Int32Array): Uint8Array {
  const payload = Buffer.alloc(VALUES * 2);
  for (let i = 0; i < VALUES; i++) payload.writeUInt16LE((signature[i] as number) & 0xffff, i * 2);
  return payload;
}
export function readSignature(payload: Uint8Array, into: Uint16Array, at: number): void {
  const view = viewOf(payload);
  for (let i = 0; i < VALUES; i++) into[at + i] = view.readUInt16LE(i * 2);
}

/** A set of shingles, rising, as u32 little-endian. */
export function shinglesPayload(shingles: Uint32Array): Uint8Array {
  const payload = Buffer.alloc(shingles.length * 4);
  for (let i = 0; i < shingles.length; i++) payload.writeUInt32LE(shingles[i] as number, i * 4);
  return payload;
}
export function readShingles(payload: Uint8Array): Uint32Array {
  const view = viewOf(payload);
  return Uint32Array.from({ length: view.length / 4 }, (_, i) => view.readUInt32LE(i * 4));
}

/** Two documents that met in a bucket: `first` stands first there in keep order. */
export interface Edge {
  later: Place;
  first: Place;
  /** The band that they share; null where it is the hash. */
  band: number | null;
}
/** Edge record: key = the later row; payload = 0 for the hash, 1 + the number of the band, then the place of the first. */
export function edgeRecord({ later, first, band }: Edge): ExchangeRecord {
  const payload = Buffer.alloc(1 + PLACE_BYTES);
  payload[0] = band === null ? 0 : 1 + band;
  writePlace(payload, first, 1);
  return { key: rowKey(later), payload };
}
export function edgeOf({ key, payload }: ExchangeRecord): Edge {
  const kind = payload[0] as number;
  return { later: rowOf(key), first: placeAt(viewOf(payload), 1), band: kind === 0 ? null : kind - 1 };
}

/** A verdict: this document is dropped, in favour of that one. */
export interface Verdict {
  dropped: Place;
  kept: Place;
  kind: 'exact' | 'near';
  /** 1 for exact duplicates, else the Jaccard similarity of the two, estimated or exact as the spec asks. */
  similarity: number;
}
/** Verdict record: key = the dropped row; payload = 0 for exact and 1 for near, the kept place, the similarity as f64. */
export function verdictRecord({ dropped, kept, kind, similarity }: Verdict): ExchangeRecord {
  const payload = Buffer.alloc(1 + PLACE_BYTES + 8);
  payload[0] = kind === 'exact' ? 0 : 1;
  writePlace(payload, kept, 1);
  payload.writeDoubleBE(similarity, 1 + PLACE_BYTES);
  return { key: rowKey(dropped), payload };
}
export function verdictOf({ key, payload }: ExchangeRecord): Verdict {
  const view = viewOf(payload);
  return {
    dropped: rowOf(key),
    kept: placeAt(view, 1),
    kind: view[0] === 0 ? 'exact' : 'near',
    similarity: view.readDoubleBE(1 + PLACE_BYTES),
  };
}
