import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { learn, newBigram, probability, surprise } from '../../../client/sample/trainer/bigram.ts';
import { documents } from '../../../client/sample/trainer/documents.ts';
import { readShardList } from '../../../client/sample/trainer/list.ts';
import { parseIndex, tokenIds } from '../../../client/sample/trainer/megatron.ts';
import { split } from '../../../client/sample/trainer/split.ts';
import { type Metric, train } from '../../../client/sample/trainer/train.ts';
import { idxBytes, writeShard } from './shards.ts';

const folder = mkdtempSync(join(tmpdir(), 'trainer-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Megatron's own bytes for two documents of 3 and 2 tokens as uint16. */
const GOLDEN = Buffer.from(
  '4d4d494449445800000100000000000000080200000000000000030000000000000003000000020000000000000000000000' +
    '0600000000000000000000000000000001000000000000000200000000000000',
  'hex',
);

async function* stream(docs: readonly (readonly number[])[]): AsyncGenerator<Int32Array> {
  for (const ids of docs) yield Int32Array.from(ids);
}

async function collect(...args: Parameters<typeof documents>): Promise<number[][]> {
  const found: number[][] = [];
  for await (const ids of documents(...args)) found.push([...ids]);
  return found;
}

/** `count` different documents of a small language: a token is followed by its double or the double plus one. */
function language(count: number): number[][] {
  return Array.from({ length: count }, (_, d) => {
    const ids = [1 + (d % 15)];
    for (let i = 0; i < 30; i++) ids.push(((ids[i] ?? 0) * 2 + ((d >> (i % 9)) & 1)) % 31);
    return [...ids, 31];
  });
}

describe('the index reader', () => {
  it('reads the golden bytes', () => {
    const { tokenBytes, starts } = parseIndex(GOLDEN, 'golden.idx');
    expect(tokenBytes).toBe(2);
    expect([...starts]).toEqual([0, 6, 10]);
    expect(idxBytes([3, 2])).toEqual(GOLDEN);
  });

  it('reads documents of several sequences', () => {
    const bytes = Buffer.from(GOLDEN).subarray(0, GOLDEN.length - 8);
    bytes.writeBigUInt64LE(2n, 26);
    bytes.writeBigUInt64LE(2n, bytes.length - 8);
    expect([...parseIndex(bytes, 'x').starts]).toEqual([0, 10]);
  });

  it.each([
    ['a short file', GOLDEN.subarray(0, 20), /fewer than its header/],
    [
      'another magic',
      Buffer.concat([Buffer.from('PAR1'), GOLDEN.subarray(4)]),
      /does not begin with MMIDIDX/,
    ],
    ['another version', patched(9, 2), /its version is 2/],
    ['another token type', patched(17, 5), /token type is 5/],
    ['a cut', GOLDEN.subarray(0, -1), /81 bytes where 2 sequences make 82/],
    ['a pointer with a gap', patched(50, 8), /sequence 1 does not begin where/],
    ['a negative length', patched(37, 0x80), /sequence 0 has the length -/],
    ['boundaries that end early', patched(74, 1), /do not run from 0 to 2/],
    ['boundaries that start late', patched(58, 1), /do not run from 0 to 2/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseIndex(bytes, 'x.idx')).toThrow(message);
  });

  it('finds the starts for any lengths, in both widths', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000)), fc.constantFrom(2 as const, 4 as const), (lengths, width) => {
        const { starts, tokenBytes } = parseIndex(idxBytes(lengths, width), 'x.idx');
        expect(tokenBytes).toBe(width);
        const sizes = lengths.map((_, d) => (starts[d + 1] ?? 0) - (starts[d] ?? 0));
        expect(sizes).toEqual(lengths.map((n) => n * width));
      }),
    );
  });

  it('reads ids little-endian', () => {
    expect([...tokenIds(Uint8Array.of(1, 2, 255, 255), 2)]).toEqual([513, 65535]);
    expect([...tokenIds(Uint8Array.of(0, 0, 1, 0), 4)]).toEqual([65536]);
  });
});

function patched(at: number, byte: number): Buffer {
  const bytes = Buffer.from(GOLDEN);
  bytes[at] = byte;
  return bytes;
}

describe('the list of shards', () => {
  const path = join(folder, 'list.json');
  const shard = { bin: 'a.bin', idx: '/elsewhere/a.idx' };

  it('has paths relative to itself', async () => {
    writeFileSync(path, JSON.stringify({ shards: [shard], vocabSize: 8, eod: 7 }));
    const shards = [{ bin: join(folder, 'a.bin'), idx: '/elsewhere/a.idx' }];
    expect(await readShardList(path)).toEqual({ shards, vocabSize: 8, eod: 7 });
  });

  it.each([
    ['{', /is not JSON/],
    ['[]', /is not an object/],
    [JSON.stringify({ shards: [shard] }), /needs a vocabSize above 0/],
    [JSON.stringify({ shards: [shard], vocabSize: 8, eod: 8 }), /eod outside its vocabulary/],
    [JSON.stringify({ shards: [], vocabSize: 8 }), /names no shards/],
    [JSON.stringify({ shards: [shard, { bin: 'b' }], vocabSize: 8 }), /has no bin and idx in shard 1/],
  ])('is refused as %s', async (content, message) => {
    writeFileSync(path, content);
    await expect(readShardList(path)).rejects.toThrow(message);
  });
});

describe('the documents of shards', () => {
  it('come in order, from shards of both widths', async () => {
    const shards = [
      writeShard(folder, 'two', [
        [5, 6, 1],
        [7, 1],
      ]),
      writeShard(folder, 'none', []),
      writeShard(folder, 'four', [[70_000, 1]], 4),
    ].map(({ bin, idx }) => ({ bin: join(folder, bin), idx: join(folder, idx) }));
    expect(await collect({ shards, vocabSize: 70_001, eod: 1 })).toEqual([
      [5, 6, 1],
      [7, 1],
      [70_000, 1],
    ]);
  });

  it('come whole whatever the window is that is read at once', async () => {
    const ids = fc.array(fc.nat(50_000), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(fc.array(ids), fc.integer({ min: 1, max: 200 }), async (docs, windowBytes) => {
        const { bin, idx } = writeShard(folder, 'windows', docs);
        const shards = [{ bin: join(folder, bin), idx: join(folder, idx) }];
        expect(await collect({ shards, vocabSize: 50_001 }, windowBytes)).toEqual(docs);
      }),
    );
  });

  it('are refused with ids outside the vocabulary, without their end, empty, or cut', async () => {
    const { bin, idx } = writeShard(folder, 'bad', [[5, 1], [6]]);
    const shards = [{ bin: join(folder, bin), idx: join(folder, idx) }];
    await expect(collect({ shards, vocabSize: 6 })).rejects.toThrow(
      /document 1 .* id 6, outside a vocabulary of 6/,
    );
    await expect(collect({ shards, vocabSize: 7, eod: 1 })).rejects.toThrow(/document 1 .* does not end in/);
    writeFileSync(join(folder, bin), Buffer.alloc(4));
    await expect(collect({ shards, vocabSize: 7 })).rejects.toThrow(/has 4 bytes where its index says 6/);
    writeShard(folder, 'bad', [[5, 1], []]);
    await expect(collect({ shards, vocabSize: 7 })).rejects.toThrow(/document 1 .* is empty/);
  });
});

describe('the bigram model', () => {
  it('gives every following token a probability, and all of them 1 together', () => {
    const token = fc.nat(6);
    const docs = fc.array(fc.array(token, { maxLength: 20 }));
    fc.assert(
      fc.property(docs, fc.integer({ min: -1, max: 6 }), fc.nat(12), (texts, first, maxPairs) => {
        const model = newBigram(7, maxPairs);
        for (const ids of texts) learn(model, Int32Array.from(ids));
        const row = Array.from({ length: 7 }, (_, second) => probability(model, first, second));
        for (const p of row) expect(p).toBeGreaterThan(0);
        expect(row.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12);
        expect(model.pairs.size).toBeLessThanOrEqual(maxPairs);
      }),
    );
  });

  it('is uniform before it has learnt', () => {
    expect(surprise(newBigram(8), Int32Array.of(3, 4, 5))).toBeCloseTo(3 * Math.log(8), 12);
  });

  it('weighs pairs and single tokens as Witten and Bell say', () => {
    const model = newBigram(4);
    learn(model, Int32Array.of(0, 1, 0, 2));
    // One token: (2 + 3/4) / (4 + 3) for 0, (1 + 3/4) / 7 for 1. After 0 come 1 and 2: (1 + 2 · P(1)) / (2 + 2).
    expect(probability(model, -1, 0)).toBeCloseTo(2.75 / 7, 12);
    expect(probability(model, 0, 1)).toBeCloseTo((1 + 2 * 0.25) / 4, 12);
    expect(probability(model, 3, 1)).toBeCloseTo(0.25, 12);
  });
});

describe('the split', () => {
  it('holds out a tenth, and never a repeat of what is learnt', async () => {
    const docs = language(500);
    const parts = await split(stream([...docs, ...docs]));
    const held = docs.filter((ids) => parts.isHeldOut(Int32Array.from(ids)));
    expect(held).toHaveLength(Math.ceil(new Set(docs.map(String)).size / 10));
    expect(parts.documents).toBe(1000);
    expect(parts.trainDocuments).toBe(1000 - 2 * held.length);
  });

  it('leaves something on both sides whenever two documents differ', async () => {
    for (let d = 0; d < 40; d++) {
      const docs = [[d], [d], [d + 1]];
      const parts = await split(stream(docs));
      const held = docs.filter((ids) => parts.isHeldOut(Int32Array.from(ids)));
      expect([1, 2]).toContain(held.length);
      expect(parts.trainDocuments).toBe(3 - held.length);
    }
  });

  it('is refused without documents, or with one only', async () => {
    await expect(split(stream([]))).rejects.toThrow(/hold no documents/);
    await expect(split(stream([[1], [1]]))).rejects.toThrow(/one document only/);
  });
});

describe('training', () => {
  const docs = language(300);

  it('brings the held-out loss down from step to step', async () => {
    const parts = await split(stream(docs));
    const seen: Metric[] = [];
    const { metrics, heldOutDocuments } = await train(
      () => stream(docs),
      parts,
      { vocabSize: 32, steps: 5 },
      (metric) => {
        seen.push(metric);
      },
    );
    expect(seen).toEqual(metrics);
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
    expect(heldOutDocuments).toBe(300 - parts.trainDocuments);
    expect(metrics.at(-1)?.documents).toBe(parts.trainDocuments);
    expect(metrics.at(-1)?.tokens).toBe(parts.trainDocuments * 32);
    const losses = [Math.log(32), ...metrics.map(({ heldOutLoss }) => heldOutLoss)];
    for (const [i, loss] of losses.slice(1).entries()) expect(loss).toBeLessThan(losses[i] ?? 0);
    expect(losses.at(-1)).toBeLessThan(1.2);
  });

  it('learns every document in as many steps as there are documents, and no more', async () => {
    const few = docs.slice(0, 4);
    const parts = await split(stream(few));
    const { metrics } = await train(
      () => stream(few),
      parts,
      { vocabSize: 32, steps: 10 },
      () => {},
    );
    expect(metrics.map((metric) => metric.documents)).toEqual(
      Array.from({ length: parts.trainDocuments }, (_, i) => i + 1),
    );
  });
});
