import { tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ManifestCore } from '../../activities/publish/publication.ts';
import { readManifest } from '../../activities/publish/verify.ts';
import { tokenIds } from '../../activities/shards/dtype.ts';
import { putSample, sampleSpec } from '../../client/sample/lake.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { readChecked } from '../../lake/commit.ts';
import { readTable } from '../../lake/table.ts';
import type { ShardSpec } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, publicationOf } from '../pipeline.ts';

const { train: _, ...SPEC } = sampleSpec;
const ALL: ShardSpec = {
  formats: ['megatron', 'parquet-text', 'olmo', 'datatrove', 'parquet-ids', 'arrow'],
  mask: true,
  ignoreMask: true,
  bytes: 60_000,
};
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline(await openLab());
  await putSample(pipeline.store);
  await pipeline.work();
}, 60_000);
afterAll(() => pipeline?.close());

async function made(run: string, shards: ShardSpec, more: object = {}) {
  await pipeline.runIngest({ ...SPEC, shards, ...more }, run);
  const ref = { domain: 'sample', run };
  const wrong = (await verifyRun(pipeline.store, ref, () => {})).filter(({ ok }) => !ok);
  expect(wrong).toEqual([]);
  const { manifest, shards: published } = await publicationOf(pipeline.store, ref);
  return { core: await readManifest(pipeline.store, manifest), published };
}
type Published = Awaited<ReturnType<typeof made>>['published'];
const file = (shard: Published[number], end: string) => {
  const found = shard.files?.find(({ name }) => name === `${shard.name}${end}`);
  if (found === undefined) throw new Error(`${shard.name} has no ${end}`);
  return found;
};
const read = (shard: Published[number], end: string): Promise<Uint8Array> =>
  readChecked(pipeline.store, file(shard, end));

describe('a run in every format', () => {
  let core: ManifestCore;
  let published: Published;
  beforeAll(async () => {
    ({ core, published } = await made('all', ALL));
  }, 120_000);

  test('has one body for three of them, which is what it is without the others', async () => {
    const plain = await made('plain', { bytes: 60_000 });
    const bodies = ({ shards }: ManifestCore) => shards.map(({ bin, idx }) => [bin.sha256, idx.sha256]);
    expect(bodies(core)).toEqual(bodies(plain.core));
    expect(published.length).toBeGreaterThan(1);
    for (const shard of published) {
      expect((shard.files ?? []).map(({ name }) => name.slice(shard.name.length)).sort()).toEqual(
        [
          '.arrow',
          '.csv.gz',
          '.documents.parquet',
          '.ds.index',
          '.ds.metadata',
          '.ids.parquet',
          '.mask',
          '.parquet',
        ].sort(),
      );
    }
  }, 60_000);
  test('says the same ids and labels in rows, and the targets decode to answers', async () => {
    const { eos } = core.pins.tokenizer;
    let targets = 0;
    for (const shard of published) {
      const body = [...tokenIds(await readChecked(pipeline.store, shard.bin), 'uint16')];
      const mask = [...(await read(shard, '.mask'))];
      const rows = await readTable(pipeline.store, file(shard, '.ids.parquet'), ['input_ids', 'labels']);
      const ids = rows.flatMap(({ input_ids }) => (input_ids as number[]).map(Number));
      expect(ids).toEqual(body);
      const labels = rows.flatMap((row) => (row.labels as number[]).map(Number));
      expect(labels).toEqual(body.map((id, i) => (mask[i] === 1 ? id : -100)));
      const arrow = tableFromIPC(await read(shard, '.arrow'));
      expect(arrow.schema.names).toEqual(['input_ids', 'labels', 'segment_ids']);
      const inArrow = [...arrow].flatMap((row) => [...((row?.input_ids ?? []) as Iterable<number>)]);
      expect(inArrow).toEqual(body);
      targets += mask.reduce((sum, each) => sum + each, 0);
      // An end is a target where what it ends is.
      for (const [i, id] of body.entries()) if (id === eos && i > 0) expect(mask[i]).toBe(mask[i - 1]);
    }
    expect(targets).toBeGreaterThan(1000);
  });
  test('has the text that its tokens decode to, in their order', async () => {
    const { openTokenizer } = await import('../../activities/tokenize/tokenizer.ts');
    const [settings] = Object.values(pipeline.settings.tokenizers);
    if (settings === undefined) throw new Error('there is no tokenizer');
    const tokenizer = await openTokenizer(settings);
    const [shard] = published;
    if (shard === undefined) throw new Error('there is no shard');
    const body = tokenIds(await readChecked(pipeline.store, shard.bin), 'uint16');
    const texts = await readTable(pipeline.store, file(shard, '.parquet'), [
      'text',
      'tokens',
      'source',
      'spans',
    ]);
    let at = 0;
    for (const { text, tokens } of texts) {
      const end = at + Number(tokens);
      expect(await tokenizer.decode(body.subarray(at, end - 1))).toBe(text);
      at = end;
    }
    expect(at).toBe(shard.tokens);
  });
});

test('bestfit keeps pairs with their contexts, and each source can have shards of its own', async () => {
  const { core, published } = await made(
    'fit',
    { formats: ['parquet-ids'], pack: 'bestfit', layout: 'perSource', bytes: 60_000 },
    { sequenceLength: 256 },
  );
  const { rows, shards, mix } = core;
  expect(new Set(shards.map(({ name }) => name.replace(/-\d{5}-of-\d{5}$/, '')))).toEqual(
    new Set(mix.map(({ source }) => source)),
  );
  for (const { source, got } of mix) {
    const own = shards.filter(({ name }) => name.startsWith(`${source}-`));
    expect(own.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(got);
  }
  expect(rows.cutDocuments).toBe(rows.overlongDocuments);
  let count = 0;
  for (const shard of published) {
    const table = await readTable(pipeline.store, file(shard, '.ids.parquet'), ['input_ids', 'segment_ids']);
    for (const { input_ids, segment_ids } of table) {
      expect(input_ids).toHaveLength(256);
      count++;
      const segments = segment_ids as number[];
      expect(segments).toEqual([
        ...segments.filter((each) => Number(each) > 0),
        ...segments.filter((each) => Number(each) === 0),
      ]);
    }
  }
  expect(count).toBe(rows.packedRows);
  expect(count * 256).toBe(shards.reduce((sum, { tokens }) => sum + tokens, 0) + (rows.paddingTokens ?? 0));
}, 120_000);
