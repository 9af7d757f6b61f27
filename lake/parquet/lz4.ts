/**
 * LZ4 as Parquet uses it (LZ4 block format description by Yann Collet; Hadoop's framing from the Parquet format's
 * Compression.md). Strict: a block that does not fill its output exactly is an error, so that damage is noticed.
 */

/** Codec LZ4_RAW: one block. Throws RangeError on damage. */
export function lz4Raw(input: Uint8Array, length: number): Uint8Array {
  const output = new Uint8Array(length);
  const written = block(input, output, 0);
  if (written !== length) throw new RangeError(`LZ4: ${written} bytes came out where ${length} were due`);
  return output;
}

/** Codec LZ4 (deprecated): Hadoop's frames, or, from other writers, one bare block. Throws RangeError on damage. */
export function lz4Hadoop(input: Uint8Array, length: number): Uint8Array {
  return framed(input, length) ?? lz4Raw(input, length);
}

/** Frames of [output length, input length] (32 bits, big-endian) and a block; undefined where they do not add up. */
function framed(input: Uint8Array, length: number): Uint8Array | undefined {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const frames: { at: number; size: number; out: number }[] = [];
  let at = 0;
  let total = 0;
  while (at < input.length) {
    if (at + 8 > input.length) return undefined;
    const frame = { at: at + 8, out: view.getUint32(at), size: view.getUint32(at + 4) };
    frames.push(frame);
    at = frame.at + frame.size;
    total += frame.out;
  }
  if (at !== input.length || total !== length) return undefined;
  const output = new Uint8Array(length);
  let written = 0;
  for (const frame of frames) {
    const end = block(input.subarray(frame.at, frame.at + frame.size), output, written);
    if (end - written !== frame.out) throw new RangeError('LZ4: a frame has another length than it says');
    written = end;
  }
  return output;
}

/** Decodes one block into `output` from `at` on; returns where it ended. */
function block(input: Uint8Array, output: Uint8Array, at: number): number {
  const base = at;
  let from = 0;
  let to = at;
  const next = (): number => {
    const byte = input[from++];
    if (byte === undefined) throw new RangeError('LZ4: the block ends too early');
    return byte;
  };
  const extended = (nibble: number): number => {
    let total = nibble;
    if (nibble < 15) return total;
    for (;;) {
      const byte = next();
      total += byte;
      if (byte < 255) return total;
    }
  };
  while (from < input.length) {
    const token = next();
    const literals = extended(token >> 4);
    if (from + literals > input.length) throw new RangeError('LZ4: literals run past the end of the block');
    if (to + literals > output.length) throw new RangeError('LZ4: more bytes come out than the page has');
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    // The last sequence has literals only.
    if (from === input.length) return to;
    const offset = next() | (next() << 8);
    if (offset === 0 || offset > to - base) throw new RangeError('LZ4: a match starts before the block');
    const length = extended(token & 15) + 4;
    if (to + length > output.length) throw new RangeError('LZ4: more bytes come out than the page has');
    if (offset >= length) output.copyWithin(to, to - offset, to - offset + length);
    else for (let i = 0; i < length; i++) output[to + i] = output[to + i - offset] ?? 0;
    to += length;
  }
  return to;
}
