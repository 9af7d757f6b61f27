import { createHash } from 'node:crypto';
import type { Output } from './commit.ts';
import { CorruptLake } from './errors.ts';
import type { ObjectStore } from './store.ts';

/** Bytes of a large object that are read at once. */
const READ_BYTES = 8 * 2 ** 20;

/**
 * The bytes of an object in order, some at a time. With `ifMatch` it must still have that ETag, as in `ObjectStore.get`; `onStep` is
 * called before each request.
 */
export async function* piecesOf(
  store: ObjectStore,
  { key, size }: { key: string; size: number },
  { ifMatch, onStep }: { ifMatch?: string; onStep?: () => void } = {},
): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < size; start += READ_BYTES) {
    onStep?.();
    const range = [start, Math.min(start + READ_BYTES, size)] as const;
    yield await store.get(key, ifMatch === undefined ? { range } : { range, ifMatch });
  }
}

/**
 * The bytes of an object that a commit or a publication names, some at a time, whatever its size. Throws CorruptLake where it is missing
 * or has another size, and behind the last piece where it has another hash: until then nothing that was read is certain.
 */
export async function* checkedPieces(
  store: ObjectStore,
  output: Output,
  onStep: () => void = () => {},
): AsyncGenerator<Uint8Array> {
  const found = await store.head(output.key);
  const where = { bucket: store.bucket, key: output.key };
  if (found === undefined) throw new CorruptLake('an object that the lake names is missing', where);
  if (found.size !== output.size) {
    throw new CorruptLake(`an object of the lake has ${found.size} bytes instead of ${output.size}`, where);
  }
  const hash = createHash('sha256');
  for await (const piece of piecesOf(store, output, { onStep })) {
    hash.update(piece);
    yield piece;
  }
  requireHash(store, output, hash.digest('hex'));
}

/** Reads an object of any size through, and checks its size and hash. Throws CorruptLake as `checkedPieces` does. */
export async function checkObject(store: ObjectStore, output: Output, onStep?: () => void): Promise<void> {
  for await (const _ of checkedPieces(store, output, onStep));
}

/** Throws CorruptLake where the bytes of an object have another hash than its reference. */
export function requireHash(
  store: ObjectStore,
  { key, sha256 }: Pick<Output, 'key' | 'sha256'>,
  found: string,
): void {
  if (found === sha256) return;
  throw new CorruptLake(`an object of the lake has hash ${found} instead of ${sha256}`, {
    bucket: store.bucket,
    key,
  });
}
