import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Megatron's `.idx` for documents of these lengths, written from the format's description. */
export function idxBytes(lengths: readonly number[], tokenBytes: 2 | 4 = 2): Buffer {
  const bytes = Buffer.alloc(34 + lengths.length * 20 + 8);
  bytes.write('MMIDIDX\0\0', 'latin1');
  bytes.writeBigUInt64LE(1n, 9);
  bytes.writeUInt8(tokenBytes === 2 ? 8 : 4, 17);
  bytes.writeBigUInt64LE(BigInt(lengths.length), 18);
  bytes.writeBigUInt64LE(BigInt(lengths.length + 1), 26);
  let at = 34;
  for (const length of lengths) at = bytes.writeInt32LE(length, at);
  let pointer = 0;
  for (const length of lengths) {
    at = bytes.writeBigInt64LE(BigInt(pointer), at);
    pointer += length * tokenBytes;
  }
  for (let d = 0; d <= lengths.length; d++) at = bytes.writeBigInt64LE(BigInt(d), at);
  return bytes;
}

/** The body of a shard: the ids of all documents one after the other. */
export function binBytes(documents: readonly (readonly number[])[], tokenBytes: 2 | 4 = 2): Buffer {
  const ids = documents.flat();
  const bytes = Buffer.alloc(ids.length * tokenBytes);
  ids.forEach((id, i) => {
    if (tokenBytes === 2) bytes.writeUInt16LE(id, i * 2);
    else bytes.writeInt32LE(id, i * 4);
  });
  return bytes;
}

/** Writes a shard `name` into a folder and returns its entry in a list file. */
export function writeShard(
  folder: string,
  name: string,
  documents: readonly (readonly number[])[],
  tokenBytes: 2 | 4 = 2,
): { bin: string; idx: string } {
  const lengths = documents.map((ids) => ids.length);
  writeFileSync(join(folder, `${name}.idx`), idxBytes(lengths, tokenBytes));
  writeFileSync(join(folder, `${name}.bin`), binBytes(documents, tokenBytes));
  return { bin: `${name}.bin`, idx: `${name}.idx` };
}
