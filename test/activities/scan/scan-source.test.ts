import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunPins } from '../../../activities/plan/pins.ts';
import { scanSource } from '../../../activities/scan/scan-source.ts';
import type { Reject, ScannedText } from '../../../activities/scan/texts.ts';
import type { Services } from '../../../activities/services.ts';
import { type DirectoryStore, directoryStore } from '../../lake/directory-store.ts';
import { stored } from '../../lake/parquet/open.ts';
import { pagedFile } from '../../paged-file.ts';

let store: DirectoryStore;
beforeAll(async () => {
  store = await directoryStore();
});
afterAll(() => store.remove());

const ROWS = Array.from({ length: 2500 }, (_, i) => ({
  id: BigInt(i),
  text: i % 10 === 4 ? null : `${i} ${'word '.repeat(i < 1024 ? 40 : 1)}`,
}));

async function scanned(blockCharacters?: number): Promise<{ texts: ScannedText[]; rejects: Reject[] }> {
  const shape = { pageSize: 3000, rowGroupSize: 2500, offsetIndex: true, dictionary: false };
  const source = await stored(store, 'raw/a.parquet', pagedFile(ROWS, shape));
  const services = { store, checkCancelled: () => {} } as unknown as Services;
  const pins = { spec: { input: { text: 'text', id: 'id' } } } as RunPins;
  const run = { ...source, source: 3, rowStart: 0, rowEnd: 2500 };
  const texts: ScannedText[] = [];
  const rejects: Reject[] = [];
  const options = {
    maps: [],
    checks: [],
    onReject: (each: Reject): void => void rejects.push(each),
    ...(blockCharacters === undefined ? {} : { blockCharacters }),
  };
  for await (const some of scanSource(services, pins, run, options)) texts.push(...some);
  return { texts, rejects };
}

test('a block too large to be held is read twice, and its texts and rejects are the same', async () => {
  const held = await scanned();
  store.gets.length = 0;
  const streamed = await scanned(50_000);
  expect(streamed).toEqual(held);
  expect(store.gets.length).toBeGreaterThan(2);
  expect(held.rejects).toHaveLength(250);
  expect(held.texts).toHaveLength(2250);
  expect([held.texts[0], held.texts.at(-1)]).toMatchObject([
    { row: 0, block: 0, ordinal: 0, valid: 922 },
    { row: 2499, block: 2048, ordinal: 406, valid: 407 },
  ]);
});
