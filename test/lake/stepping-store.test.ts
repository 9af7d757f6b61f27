import { afterEach, beforeEach, expect, test } from 'vitest';
import { steppingStore } from '../../lake/stepping-store.ts';
import { type DirectoryStore, directoryStore } from './directory-store.ts';

let whole: DirectoryStore;
beforeEach(async () => {
  whole = await directoryStore();
});
afterEach(() => whole.remove());

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield Uint8Array.of(i);
}

test('every request, every chunk written and every object listed is a step', async () => {
  let steps = 0;
  const store = steppingStore(whole, () => steps++);
  const taken = async (work: () => Promise<unknown>): Promise<number> => {
    const before = steps;
    await work();
    return steps - before;
  };
  const listed = async (): Promise<void> => {
    for await (const _ of store.list(''));
  };
  expect(await taken(() => store.put('a', 'x'))).toBe(2);
  expect(await taken(() => store.write('b', chunks(5)))).toBe(8);
  expect(await taken(() => store.get('b', { range: [1, 3] }))).toBe(2);
  expect(await taken(() => store.find('none'))).toBe(2);
  expect(await taken(() => store.head('a'))).toBe(2);
  expect(await taken(listed)).toBe(3);
  expect(await whole.get('b')).toEqual(Buffer.from([0, 1, 2, 3, 4]));
});

test('what a step throws ends the operation, in the middle of a write too, and no request goes out after it', async () => {
  let left = 3;
  const store = steppingStore(whole, () => {
    if (left-- <= 0) throw new Error('stop');
  });
  await expect(store.write('b', chunks(100))).rejects.toThrow('stop');
  expect(await whole.find('b')).toBeUndefined();
  await expect(store.put('c', 'x')).rejects.toThrow('stop');
  expect(await whole.find('c')).toBeUndefined();
});
