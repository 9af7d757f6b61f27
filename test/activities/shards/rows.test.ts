import { expect, test } from 'vitest';
import { tokenBytes, tokenIds } from '../../../activities/shards/dtype.ts';
import type { PackCounts, PackedRow, PackRules } from '../../../activities/shards/pack.ts';
import type { ShardDocument } from '../../../activities/shards/record.ts';
import { packRows } from '../../../activities/shards/rows.ts';

const EOS = 1;
const id = 'a0'.repeat(16);
function documentOf(tokens: number): ShardDocument {
  const ids = new Uint32Array(tokens).fill(7);
  ids[tokens - 1] = EOS;
  return { id, unit: id, copy: 0, source: 0, body: tokenBytes(ids, 'uint16'), tokens, spans: [], text: '' };
}
const rules = (length: number): PackRules => ({
  length,
  padding: EOS,
  mask: false,
  idsOf: (body) => tokenIds(body, 'uint16'),
});
const none = (): PackCounts => ({ rows: 0, padding: 0, cut: 0 });
async function* some(documents: readonly ShardDocument[]): AsyncGenerator<readonly ShardDocument[]> {
  for (let i = 0; i < documents.length; i += 1_000) yield documents.slice(i, i + 1_000);
}

test.each(['concat', 'bestfit'] as const)('long rows come few at a time: %s', async (pack) => {
  const length = 2 ** 18;
  const documents = Array.from({ length: 13 }, () => documentOf(length));
  const batches: PackedRow[][] = [];
  for await (const batch of packRows(some(documents), pack, rules(length), none())) batches.push(batch);
  expect(batches.map((rows) => rows.length)).toEqual([4, 4, 4, 1]);
});

test('one row longer than a batch is a batch', async () => {
  const length = 2 ** 21;
  const batches: PackedRow[][] = [];
  const documents = [documentOf(length), documentOf(3)];
  for await (const batch of packRows(some(documents), 'bestfit', rules(length), none())) batches.push(batch);
  expect(batches.map((rows) => rows.length)).toEqual([1, 1]);
});

test('however short documents are, no more than some wait to be fitted', async () => {
  const count = 2 ** 17 + 5_000;
  let asked = 0;
  async function* short(): AsyncGenerator<readonly ShardDocument[]> {
    for (; asked < count; asked += 100) yield Array.from({ length: 100 }, () => documentOf(2));
  }
  const rows = packRows(short(), 'bestfit', rules(16), none());
  await rows.next();
  expect(asked).toBeLessThan(2 ** 17 + 200);
  await rows.return(undefined);
});
