/** How a token id stands in a body: little-endian, two or four bytes. */
export type Dtype = 'uint16' | 'int32';
export const bytesPerToken = (dtype: Dtype): number => (dtype === 'uint16' ? 2 : 4);

/** The bytes of token ids in a body. The machines we run on are little-endian, as the formats are; checked once. */
export function tokenBytes(ids: Uint32Array, dtype: Dtype): Uint8Array {
  if (dtype === 'int32') return new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  return new Uint8Array(Uint16Array.from(ids).buffer);
}

/** Token ids as they stand in a body. */
export type BodyIds = Uint16Array | Int32Array;

/** The token ids of a body. */
export function tokenIds(body: Uint8Array, dtype: Dtype): BodyIds {
  const { buffer } = new Uint8Array(body);
  return dtype === 'uint16' ? new Uint16Array(buffer) : new Int32Array(buffer);
}

if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1)
  throw new Error('token bodies need a little-endian machine');
