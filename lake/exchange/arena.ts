/** Records held in few large arrays: three million small objects would cost several times their bytes. */
export interface Arena {
  readonly count: number;
  /** Copies the record in. `key` is unsigned, 64 bits. */
  add(key: bigint, payload: Uint8Array): void;
  /** Upper and lower half of the key of record i, at i × STRIDE. Valid until the next `add`. */
  keys(): Uint32Array;
  /** A view, not a copy. */
  payload(i: number): Uint8Array;
  /** Bytes of a payload. */
  size(i: number): number;
  /** Copies a payload into `target` at `at`. */
  copy(i: number, target: Uint8Array, at: number): void;
}

/** A row: upper half of the key, lower half, number of the chunk with the payload, start in it, size. */
export const STRIDE = 5;
const CHUNK = 2;
const START = 3;
const SIZE = 4;

const CHUNK_BYTES = 1 << 20;
/** Up to this a loop over bytes is faster than making a view for `set`. */
const SHORT = 96;

export function openArena(): Arena {
  const cell = new DataView(new ArrayBuffer(8));
  const chunks: Uint8Array[] = [];
  let chunk = new Uint8Array(0);
  let used = 0;
  let rows = new Uint32Array(1024 * STRIDE);
  let count = 0;

  function add(key: bigint, payload: Uint8Array): void {
    if ((count + 1) * STRIDE > rows.length) {
      const wider = new Uint32Array(rows.length * 2);
      wider.set(rows);
      rows = wider;
    }
    if (chunks.length === 0 || used + payload.length > chunk.length) {
      chunk = new Uint8Array(Math.max(CHUNK_BYTES, payload.length));
      chunks.push(chunk);
      used = 0;
    }
    cell.setBigUint64(0, key);
    const row = count * STRIDE;
    rows[row] = cell.getUint32(0);
    rows[row + 1] = cell.getUint32(4);
    rows[row + CHUNK] = chunks.length - 1;
    rows[row + START] = used;
    rows[row + SIZE] = payload.length;
    chunk.set(payload, used);
    used += payload.length;
    count++;
  }
  const size = (i: number): number => rows[i * STRIDE + SIZE] as number;

  function payload(i: number): Uint8Array {
    const start = rows[i * STRIDE + START] as number;
    return (chunks[rows[i * STRIDE + CHUNK] as number] as Uint8Array).subarray(start, start + size(i));
  }
  function copy(i: number, target: Uint8Array, at: number): void {
    const length = size(i);
    if (length > SHORT) {
      target.set(payload(i), at);
      return;
    }
    const start = rows[i * STRIDE + START] as number;
    const from = chunks[rows[i * STRIDE + CHUNK] as number] as Uint8Array;
    for (let k = 0; k < length; k++) target[at + k] = from[start + k] as number;
  }
  return {
    get count() {
      return count;
    },
    add,
    keys: () => rows,
    payload,
    size,
    copy,
  };
}
