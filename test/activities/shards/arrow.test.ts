import { tableFromIPC } from 'apache-arrow';
import { expect, test } from 'vitest';
import { arrowStream } from '../../../activities/shards/arrow.ts';
import type { PackedRow } from '../../../activities/shards/pack.ts';

const row = (...ids: number[]): PackedRow => ({
  ids: Int32Array.from(ids),
  labels: Int32Array.from(ids, (id) => id + 100),
  segments: Int32Array.from(ids, () => 1),
});

test('a batch of rows is drawn when what was made of those before has been taken', async () => {
  let drawn = 0;
  async function* batches(): AsyncGenerator<PackedRow[]> {
    for (; drawn < 10; drawn++) yield [row(drawn, 7), row(drawn)];
  }
  const pieces: Uint8Array[] = [];
  let values = 0;
  for await (const piece of arrowStream(batches())) {
    pieces.push(piece);
    // Beside the values are places and words about them.
    values += piece.length;
    expect(drawn * 3 * 3 * 4).toBeLessThanOrEqual(values + 3 * 3 * 4);
    await new Promise(setImmediate);
  }
  const labels = tableFromIPC(Buffer.concat(pieces)).getChild('labels');
  expect([...(labels ?? [])].map((each) => [...(each as Iterable<number>)])).toEqual(
    Array.from({ length: 10 }, (_, i) => [[100 + i, 107], [100 + i]]).flat(),
  );
});

test('no rows are a stream as well', async () => {
  const pieces: Uint8Array[] = [];
  for await (const piece of arrowStream((async function* () {})())) pieces.push(piece);
  expect(tableFromIPC(Buffer.concat(pieces)).schema.names).toEqual(['input_ids', 'labels', 'segment_ids']);
});

test('what fails in the rows fails the stream', async () => {
  async function* batches(): AsyncGenerator<PackedRow[]> {
    yield [row(1)];
    throw new Error('the merge broke off');
  }
  await expect(async () => {
    for await (const piece of arrowStream(batches())) expect(piece.length).toBeGreaterThan(0);
  }).rejects.toThrow('the merge broke off');
});
