import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Output } from '../../lake/commit.ts';
import { sha256 } from '../../lake/hash.ts';
import { checkedPieces, checkObject, piecesOf } from '../../lake/pieces.ts';
import { type DirectoryStore, directoryStore } from './directory-store.ts';

const MB = 2 ** 20;
let store: DirectoryStore;
beforeEach(async () => {
  store = await directoryStore();
});
afterEach(() => store.remove());

async function put(body: Uint8Array): Promise<Output> {
  await store.put('a', body);
  return { name: 'a', key: 'a', size: body.length, sha256: sha256(body) };
}

test('an object is read once, in pieces of 8 MB, a step before each', async () => {
  const body = Uint8Array.from({ length: 20 * MB }, (_, i) => (i * 7) >>> 3);
  const output = await put(body);
  const steps: number[] = [];
  const pieces: Uint8Array[] = [];
  for await (const piece of checkedPieces(store, output, () => steps.push(pieces.length))) pieces.push(piece);
  expect(pieces.map(({ length }) => length / MB)).toEqual([8, 8, 4]);
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  expect(steps).toEqual([0, 1, 2]);
  expect(store.gets.map(({ bytes }) => bytes)).toEqual([8 * MB, 8 * MB, 4 * MB]);
});

test('what is missing, longer, shorter or other than its reference says is refused', async () => {
  const output = await put(Uint8Array.of(1, 2, 3));
  await checkObject(store, output);
  for (const [body, problem] of [
    [[1, 2, 3, 4], 'has 4 bytes instead of 3'],
    [[1, 2], 'has 2 bytes instead of 3'],
    [[1, 2, 4], 'has hash'],
  ] as const) {
    await store.put('a', Uint8Array.from(body));
    await expect(checkObject(store, output)).rejects.toThrow(problem);
  }
  await store.delete(['a']);
  await expect(checkObject(store, output)).rejects.toMatchObject({
    name: 'CorruptLake',
    context: { key: 'a' },
  });
  await expect(checkObject(store, output)).rejects.toThrow('is missing');
});

test('nothing of an object is read that has another size, and an empty one is none', async () => {
  const output = await put(new Uint8Array());
  await checkObject(store, output);
  await store.put('a', Uint8Array.of(1));
  await expect(checkObject(store, output)).rejects.toThrow('has 1 bytes instead of 0');
  expect(store.gets).toEqual([]);
});

test('an object whose ETag is another by now is refused in the middle of it', async () => {
  await store.put('a', new Uint8Array(10 * MB));
  const { etag = '' } = (await store.head('a')) ?? {};
  const pieces = piecesOf(store, { key: 'a', size: 10 * MB }, { ifMatch: etag });
  await pieces.next();
  await store.put('a', new Uint8Array(10 * MB).fill(1));
  await expect(pieces.next()).rejects.toMatchObject({ name: 'InputChanged' });
});
