import { CorruptLake } from '../../lake/errors.ts';
import { bytesPerToken, type Dtype } from './dtype.ts';

/**
 * Megatron-LM's `.idx`, version 1, all numbers little-endian:
 *
 *     magic "MMIDIDX\0\0"   9 bytes
 *     version 1             u64
 *     dtype                 u8: 8 = uint16, 4 = int32
 *     sequences S           u64
 *     documents + 1         u64
 *     lengths in tokens     i32[S]
 *     byte pointers         i64[S]
 *     document boundaries   i64[S + 1]: 0 … S, since one document is one sequence here
 */
const MAGIC = Buffer.from('MMIDIDX\0\0', 'latin1');
const VERSION = 1n;
const HEADER_BYTES = 34;
const CODES: Readonly<Record<Dtype, number>> = { uint16: 8, int32: 4 };
const MAX_LENGTH = 2 ** 31 - 1;
/** Megatron-LM's `DType.optimal_dtype`: two bytes for fewer than 65,500 ids. */
const UINT16_IDS = 65_500;

/**
 * How token ids stand in a body. `highestId` includes added tokens: Megatron takes the size of the vocabulary without
 * them, and ids above it then wrap around.
 */
export function dtypeFor(highestId: number): Dtype {
  return highestId + 1 < UINT16_IDS ? 'uint16' : 'int32';
}

/** The `.idx` of a body whose documents have these lengths in tokens. */
export function megatronIndex(lengths: ArrayLike<number>, dtype: Dtype): Uint8Array {
  const count = lengths.length;
  const bytes = new Uint8Array(HEADER_BYTES + count * 20 + 8);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setBigUint64(9, VERSION, true);
  view.setUint8(17, CODES[dtype]);
  view.setBigUint64(18, BigInt(count), true);
  view.setBigUint64(26, BigInt(count + 1), true);
  const pointers = HEADER_BYTES + count * 4;
  const boundaries = pointers + count * 8;
  const width = bytesPerToken(dtype);
  let pointer = 0;
  for (let i = 0; i < count; i++) {
    const length = lengths[i] as number;
    if (!Number.isInteger(length) || length < 0 || length > MAX_LENGTH) {
      throw new RangeError(`document ${i} has ${length} tokens, an index holds 0 to ${MAX_LENGTH}`);
    }
    view.setInt32(HEADER_BYTES + i * 4, length, true);
    view.setBigInt64(pointers + i * 8, BigInt(pointer), true);
    view.setBigInt64(boundaries + i * 8, BigInt(i), true);
    pointer += length * width;
  }
  view.setBigInt64(boundaries + count * 8, BigInt(count), true);
  return bytes;
}

export interface MegatronIndex {
  dtype: Dtype;
  /** Tokens of each document, in the order of the body. */
  lengths: Int32Array;
}

/** Reads an `.idx` that this project wrote. Throws CorruptLake when it is anything else, or contradicts itself. */
export function parseMegatronIndex(bytes: Uint8Array): MegatronIndex {
  if (bytes.length < HEADER_BYTES || Buffer.compare(bytes.subarray(0, 9), MAGIC) !== 0) {
    throw corrupt('it does not begin with MMIDIDX');
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getBigUint64(9, true) !== VERSION) throw corrupt('its version is not 1');
  const code = view.getUint8(17);
  if (code !== CODES.uint16 && code !== CODES.int32) throw corrupt(`its dtype is ${code}, not 8 or 4`);
  const dtype = code === CODES.uint16 ? 'uint16' : 'int32';
  const count = Number(view.getBigUint64(18, true));
  if (view.getBigUint64(26, true) !== BigInt(count + 1) || bytes.length !== HEADER_BYTES + count * 20 + 8) {
    throw corrupt(`its ${bytes.length} bytes do not fit ${count} documents of one sequence each`);
  }
  const lengths = new Int32Array(count);
  const pointers = HEADER_BYTES + count * 4;
  const boundaries = pointers + count * 8;
  const width = bytesPerToken(dtype);
  let pointer = 0;
  for (let i = 0; i < count; i++) {
    const length = view.getInt32(HEADER_BYTES + i * 4, true);
    if (length < 0) throw corrupt(`document ${i} has ${length} tokens`);
    if (view.getBigInt64(pointers + i * 8, true) !== BigInt(pointer)) {
      throw corrupt(`document ${i} does not begin where the one before it ends`);
    }
    if (view.getBigInt64(boundaries + i * 8, true) !== BigInt(i)) {
      throw corrupt(`document ${i} is not sequence ${i}`);
    }
    lengths[i] = length;
    pointer += length * width;
  }
  if (view.getBigInt64(boundaries + count * 8, true) !== BigInt(count)) {
    throw corrupt('its last document has no end');
  }
  return { dtype, lengths };
}

function corrupt(why: string): CorruptLake {
  return new CorruptLake(`this is not a Megatron index of documents with one sequence each: ${why}`);
}
