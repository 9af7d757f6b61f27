import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tee } from '../../lake/tee.ts';

async function* numbers(count: number, drawn: number[] = []): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    drawn.push(i);
    yield i;
  }
}
async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

test('every reader gets all items in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), fc.integer({ min: 1, max: 5 }), async (count, readers) => {
      const read = await Promise.all(tee(numbers(count), readers).map(all));
      const wanted = Array.from({ length: count }, (_, i) => i);
      expect(read).toEqual(Array.from({ length: readers }, () => wanted));
    }),
  );
});
test('the next item is drawn when the slowest reader asks for it', async () => {
  const drawn: number[] = [];
  const [fast, slow] = tee(numbers(5, drawn), 2) as [AsyncGenerator<number>, AsyncGenerator<number>];
  const first = fast.next();
  expect(await slow.next()).toEqual({ done: false, value: 0 });
  expect(await first).toEqual({ done: false, value: 0 });
  const second = fast.next();
  expect(drawn).toEqual([0]);
  await slow.next();
  await second;
  expect(drawn).toEqual([0, 1]);
});
test('a reader that stops holds up nobody; one alone reads on', async () => {
  const [stops, goesOn] = tee(numbers(4), 2) as [AsyncGenerator<number>, AsyncGenerator<number>];
  const stopped = (async () => {
    for await (const item of stops) return item;
    return -1;
  })();
  expect(await Promise.all([stopped, all(goesOn)])).toEqual([0, [0, 1, 2, 3]]);
});
test('what the source throws reaches every reader', async () => {
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new Error('broken');
  }
  const read = await Promise.allSettled(tee(failing(), 3).map(all));
  expect(read.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
