import type { ByteWriter } from 'hyparquet-writer';

/**
 * The RLE and bit-packing hybrid of the Parquet format (Encodings.md): `count` values of `width` bits. Strict about its
 * bounds; runs that go on beyond `count` are cut, as other readers do. Throws RangeError where the bytes end too early.
 */
export function readHybrid(bytes: Uint8Array, width: number, count: number): Uint32Array {
  if (width > 32) throw new RangeError(`values of ${width} bits`);
  const values = new Uint32Array(count);
  // A dictionary with one entry needs no bits, and some writers then leave out the runs.
  if (width === 0) return values;
  let at = 0;
  let done = 0;
  while (done < count) {
    const [header, next] = varint(bytes, at);
    at = next;
    const size = header >>> 1;
    if ((header & 1) === 1) {
      const take = Math.min(size * 8, count - done);
      if (at + Math.ceil((take * width) / 8) > bytes.length)
        throw new RangeError('bit-packed values end too early');
      unpack(bytes.subarray(at), width, values.subarray(done, done + take));
      at += size * width;
      done += take;
    } else {
      const value = littleEndian(bytes, at, (width + 7) >> 3);
      at += (width + 7) >> 3;
      const take = Math.min(size, count - done);
      values.fill(value, done, done + take);
      done += take;
    }
  }
  return values;
}

function varint(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new RangeError('runs end too early');
    value = (value | ((byte & 0x7f) << (7 * i))) >>> 0;
    if (byte < 0x80) return [value, start + i + 1];
  }
  throw new RangeError('the length of a run is out of range');
}

function littleEndian(bytes: Uint8Array, start: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new RangeError('a run ends too early');
    value = value * 256 + byte;
  }
  return value;
}

/** Least significant bits first. */
function unpack(bytes: Uint8Array, width: number, values: Uint32Array): void {
  const mask = 2 ** width;
  for (let i = 0; i < values.length; i++) {
    const bit = i * width;
    const at = Math.floor(bit / 8);
    const shift = bit % 8;
    // Five bytes (40 bits) hold any value of up to 32 bits, and a double holds them exactly.
    let window = 0;
    for (let j = Math.ceil((shift + width) / 8) - 1; j >= 0; j--)
      window = window * 256 + (bytes[at + j] ?? 0);
    values[i] = Math.floor(window / 2 ** shift) % mask;
  }
}

/**
 * Appends values of up to 8 bits, given as runs, in the same format: each as a run, neighbours that are equal as one. For values that
 * stay the same for long; bit-packing is left to others. Returns the bytes that were appended.
 */
export function appendRuns(
  writer: ByteWriter,
  runs: Iterable<readonly [value: number, count: number]>,
): number {
  const start = writer.offset;
  let value = 0;
  let count = 0;
  function close(): void {
    if (count === 0) return;
    writer.appendVarInt(count * 2);
    writer.appendUint8(value);
  }
  for (const [next, more] of runs) {
    if (more === 0) continue;
    if (next !== value) {
      close();
      value = next;
      count = 0;
    }
    count += more;
  }
  close();
  return writer.offset - start;
}
