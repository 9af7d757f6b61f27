import { crc32 } from 'node:zlib';

/**
 * A run, all numbers little-endian:
 *
 *     blocks     each: keys u64[count], payload lengths u32[count], payloads one after the other
 *     directory  per block 36 bytes: size u32, count u32, first key u64, last key u64, start u64, CRC-32 of the block u32
 *     footer     48 bytes: magic "EXCHRUN\0", version u32, blocks u32, records u64, directory start u64,
 *                payload bytes u64, CRC-32 of the directory u32, CRC-32 of the 44 bytes before u32
 *
 * A reader of a range never has the whole object, so it cannot check its SHA-256: the CRCs stand in for that.
 */
export const VERSION = 1;
export const ENTRY_BYTES = 36;
export const FOOTER_BYTES = 48;
/** Bytes of a record in a block beside its payload. */
export const RECORD_BYTES = 12;
const MAGIC = 0x004e_5552_4843_5845n; // "EXCHRUN\0"

/** One block, as the directory describes it. Keys are whole, so that a range needs no block it has no key in. */
export interface BlockEntry {
  start: number;
  size: number;
  count: number;
  firstKey: bigint;
  lastKey: bigint;
  crc: number;
}

export interface Footer {
  blocks: number;
  records: number;
  directoryStart: number;
  payloadBytes: number;
  directoryCrc: number;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeDirectory(entries: readonly BlockEntry[]): Uint8Array {
  const bytes = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = viewOf(bytes);
  for (const [i, entry] of entries.entries()) {
    const at = i * ENTRY_BYTES;
    view.setUint32(at, entry.size, true);
    view.setUint32(at + 4, entry.count, true);
    view.setBigUint64(at + 8, entry.firstKey, true);
    view.setBigUint64(at + 16, entry.lastKey, true);
    view.setBigUint64(at + 24, BigInt(entry.start), true);
    view.setUint32(at + 32, entry.crc, true);
  }
  return bytes;
}

/** Entry `i` of the directory's bytes. */
export function directoryEntry(directory: DataView, i: number): BlockEntry {
  const at = i * ENTRY_BYTES;
  return {
    size: directory.getUint32(at, true),
    count: directory.getUint32(at + 4, true),
    firstKey: directory.getBigUint64(at + 8, true),
    lastKey: directory.getBigUint64(at + 16, true),
    start: Number(directory.getBigUint64(at + 24, true)),
    crc: directory.getUint32(at + 32, true),
  };
}

export function encodeFooter(footer: Footer): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  const view = viewOf(bytes);
  view.setBigUint64(0, MAGIC, true);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, footer.blocks, true);
  view.setBigUint64(16, BigInt(footer.records), true);
  view.setBigUint64(24, BigInt(footer.directoryStart), true);
  view.setBigUint64(32, BigInt(footer.payloadBytes), true);
  view.setUint32(40, footer.directoryCrc, true);
  view.setUint32(44, crc32(bytes.subarray(0, 44)), true);
  return bytes;
}

/** The footer, or why these 48 bytes are none. */
export function decodeFooter(bytes: Uint8Array): Footer | string {
  const view = viewOf(bytes);
  if (view.getBigUint64(0, true) !== MAGIC) return 'it does not end with the footer of a run';
  if (view.getUint32(44, true) !== crc32(bytes.subarray(0, 44))) return 'the checksum of its footer is wrong';
  const version = view.getUint32(8, true);
  if (version !== VERSION) return `it has version ${version}, this program reads version ${VERSION}`;
  return {
    blocks: view.getUint32(12, true),
    records: Number(view.getBigUint64(16, true)),
    directoryStart: Number(view.getBigUint64(24, true)),
    payloadBytes: Number(view.getBigUint64(32, true)),
    directoryCrc: view.getUint32(40, true),
  };
}
