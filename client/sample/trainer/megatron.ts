import { TrainerFailure } from './failure.ts';

/** Where the documents of a Megatron `.bin` lie: document d holds the bytes from `starts[d]` up to `starts[d + 1]`. */
export interface ShardIndex {
  tokenBytes: 2 | 4;
  starts: Float64Array;
}

const MAGIC = Buffer.from('MMIDIDX\0\0', 'latin1');
const HEADER_BYTES = 34; // magic 9, version 8, dtype 1, sequences 8, documents + 1 8
const UINT16 = 8;
const INT32 = 4;

/**
 * Reads a Megatron-LM `.idx` (version 1, little-endian): after the header come i32 lengths in tokens and i64 byte
 * pointers, one per sequence, then the i64 numbers of the sequences with which documents begin, and the end.
 * `name` is for errors.
 */
export function parseIndex(bytes: Uint8Array, name: string): ShardIndex {
  const fail = (what: string) => new TrainerFailure(`${name} is not a Megatron index: ${what}`);
  if (bytes.length < HEADER_BYTES) throw fail(`it has ${bytes.length} bytes, fewer than its header`);
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) throw fail('it does not begin with MMIDIDX');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const version = u64(9);
  if (version !== 1) throw fail(`its version is ${version}, and only 1 is known`);
  const dtype = view.getUint8(17);
  if (dtype !== UINT16 && dtype !== INT32) throw fail(`its token type is ${dtype}, neither uint16 nor int32`);
  const tokenBytes = dtype === UINT16 ? 2 : 4;
  const sequences = u64(18);
  const boundaries = u64(26);
  const size = HEADER_BYTES + sequences * 12 + boundaries * 8;
  if (boundaries < 1 || bytes.length !== size) {
    throw fail(`it has ${bytes.length} bytes where ${sequences} sequences make ${size}`);
  }
  const pointersAt = HEADER_BYTES + sequences * 4;
  const boundariesAt = pointersAt + sequences * 8;

  const ends = new Float64Array(sequences + 1);
  for (let i = 0; i < sequences; i++) {
    const length = view.getInt32(HEADER_BYTES + i * 4, true);
    const start = ends[i] ?? 0;
    if (length < 0) throw fail(`sequence ${i} has the length ${length}`);
    if (u64(pointersAt + i * 8) !== start)
      throw fail(`sequence ${i} does not begin where the one before it ends`);
    ends[i + 1] = start + length * tokenBytes;
  }
  const starts = new Float64Array(boundaries);
  let before = 0;
  for (let d = 0; d < boundaries; d++) {
    const sequence = u64(boundariesAt + d * 8);
    const first = d === 0 && sequence !== 0;
    const last = d === boundaries - 1 && sequence !== sequences;
    if (first || last || sequence < before || sequence > sequences) {
      throw fail(`its document boundaries do not run from 0 to ${sequences}`);
    }
    before = sequence;
    starts[d] = ends[sequence] ?? 0;
  }
  return { tokenBytes, starts };
}

/** The little-endian token ids in `bytes`. */
export function tokenIds(bytes: Uint8Array, tokenBytes: 2 | 4): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ids = new Int32Array(bytes.length / tokenBytes);
  for (let i = 0; i < ids.length; i++) {
    ids[i] = tokenBytes === 2 ? view.getUint16(i * 2, true) : view.getInt32(i * 4, true);
  }
  return ids;
}
