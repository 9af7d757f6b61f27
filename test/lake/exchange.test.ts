import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptLake } from '../../lake/errors.ts';
import {
  type ExchangeRecord,
  encodeRun,
  encodeSorted,
  keyRange,
  type MergeOptions,
  mergeRuns,
  openRun,
  openRunWriter,
  type RangeSource,
  type Run,
} from '../../lake/exchange.ts';

const ALL = { from: 0n, to: 2n ** 64n };

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

/** A source over bytes that notes what was read of it. */
function sourceOf(bytes: Uint8Array, reads: [number, number][] = []): RangeSource {
  return {
    name: 'runs/x.run',
    read: async (start, end) => {
      reads.push([start, end]);
      return bytes.subarray(start, end);
    },
  };
}

async function runOf(records: ExchangeRecord[], blockBytes = 64): Promise<Run> {
  const bytes = await bytesOf(encodeRun(records, { blockBytes }));
  return openRun(sourceOf(bytes), bytes.length);
}

async function merged(runs: Run[], range = ALL, options: MergeOptions = {}): Promise<ExchangeRecord[]> {
  const all: ExchangeRecord[] = [];
  for await (const batch of mergeRuns(runs, range, options)) all.push(...batch);
  return all;
}

const text = (records: ExchangeRecord[]) =>
  records.map(({ key, payload }) => `${key.toString(16)}:${Buffer.from(payload).toString('hex')}`);

function sorted(records: readonly ExchangeRecord[]): ExchangeRecord[] {
  return [...records].sort((a, b) =>
    a.key === b.key ? Buffer.compare(a.payload, b.payload) : a.key < b.key ? -1 : 1,
  );
}

const record = (key: bigint, payload: string): ExchangeRecord => ({ key, payload: Buffer.from(payload) });

/** Keys that meet often, at the ends of the space and of its halves, and anywhere. */
const keys = fc.oneof(
  fc.bigInt({ min: 0n, max: 5n }),
  fc.constantFrom(2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 2n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const records = fc.array(fc.record({ key: keys, payload: fc.uint8Array({ maxLength: 40 }) }), {
  maxLength: 120,
});

describe('a run', () => {
  test('its bytes', async () => {
    const bytes = await bytesOf(encodeRun([record(0x0102030405060708n, 'b'), record(1n, 'aa')]));
    // Written with Python's struct and zlib from the description in format.ts.
    const block = '010000000000000008070605040302010200000001000000616162';
    const directory = '1b0000000200000001000000000000000807060504030201000000000000000061c4a424';
    const footer =
      '4558434852554e00010000000100000002000000000000001b000000000000000300000000000000b1ef10910718a981';
    expect(Buffer.from(bytes).toString('hex')).toBe(block + directory + footer);
  });

  test('records that come sorted give the same bytes, whatever batches they come in', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 5 }), async (all, batch) => {
        const runs = [await runOf(all.slice(0, 40)), await runOf(all.slice(40))];
        const blockBytes = 200;
        const sortedOnes = await bytesOf(encodeSorted(mergeRuns(runs, ALL, { batch }), { blockBytes }));
        expect(sortedOnes).toEqual(await bytesOf(encodeRun(all, { blockBytes })));
      }),
    );
  });
  test('a key that is below the one before it is refused', async () => {
    async function* batches(): AsyncGenerator<ExchangeRecord[]> {
      yield [record(2n, 'a')];
      yield [record(1n, 'b')];
    }
    await expect(bytesOf(encodeSorted(batches()))).rejects.toThrow(RangeError);
  });

  test('the same records give the same bytes, in whatever order they come', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.infiniteStream(fc.nat()), async (all, draws) => {
        const mixed = all.map((each) => ({ each, draw: draws.next().value })).sort((a, b) => a.draw - b.draw);
        const writer = openRunWriter({ blockBytes: 100 });
        for (const { each } of mixed) writer.add(each.key, each.payload);
        expect(writer.count).toBe(all.length);
        expect(await bytesOf(writer.finish())).toEqual(await bytesOf(encodeRun(all, { blockBytes: 100 })));
      }),
    );
  });

  test('is opened with one read, with two when its directory is long', async () => {
    for (const [count, reads] of [
      [10, 1],
      [2000, 2],
    ] as const) {
      const bytes = await bytesOf(
        encodeRun(
          Array.from({ length: count }, (_, i) => record(BigInt(i), 'payload')),
          { blockBytes: 1 },
        ),
      );
      const seen: [number, number][] = [];
      const run = await openRun(sourceOf(bytes, seen), bytes.length);
      expect([run.records, run.blocks, run.payloadBytes, seen.length]).toEqual([
        count,
        count,
        count * 7,
        reads,
      ]);
    }
  });
});

describe('the merge', () => {
  test('of nothing', async () => {
    expect(await merged([])).toEqual([]);
    expect(await merged([await runOf([]), await runOf([])])).toEqual([]);
  });

  test('of any split, over any cut into ranges, is the sorted whole', async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.integer({ min: 1, max: 7 }),
        fc.array(keys, { maxLength: 4 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 4000 }),
        async (all, producers, bounds, blockBytes, batch, bufferBytes) => {
          const splits = Array.from({ length: producers }, (_, p) =>
            all.filter(({ payload, key }) => (payload.length * 31 + Number(key & 0xffn)) % producers === p),
          );
          const runs = await Promise.all(splits.map((split) => runOf(split, blockBytes)));
          const cuts = [0n, ...[...bounds].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), 2n ** 64n];
          const parts: ExchangeRecord[] = [];
          for (let i = 0; i + 1 < cuts.length; i++) {
            const range = { from: cuts[i] as bigint, to: cuts[i + 1] as bigint };
            const part = await merged(runs, range, { batch, bufferBytes });
            expect(part.every(({ key }) => key >= range.from && key < range.to)).toBe(true);
            parts.push(...part);
          }
          expect(text(parts)).toEqual(text(sorted(all)));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of thousands of records, beyond the small sort', async () => {
    const all = Array.from({ length: 6000 }, (_, i) => {
      const key = BigInt.asUintN(64, BigInt(i % 4000) * 0x9e37_79b9_7f4a_7c15n);
      return { key, payload: Buffer.from(String((i * 7919) % 6007)) };
    });
    const runs = await Promise.all(
      [0, 1, 2].map((p) =>
        runOf(
          all.filter((_, i) => i % 5 === p || (p === 2 && i % 5 > 2)),
          1024,
        ),
      ),
    );
    expect(text(await merged(runs))).toEqual(text(sorted(all)));
  });

  test('batches keep to their limits', async () => {
    const many = await runOf(Array.from({ length: 100 }, (_, i) => record(BigInt(i), 'x')));
    const sizes: number[] = [];
    for await (const batch of mergeRuns([many], ALL, { batch: 30 })) sizes.push(batch.length);
    expect(sizes).toEqual([30, 30, 30, 10]);
    const big = await runOf(
      Array.from({ length: 5 }, (_, i) => ({ key: BigInt(i), payload: new Uint8Array(700_000) })),
    );
    sizes.length = 0;
    for await (const batch of mergeRuns([big], ALL)) sizes.push(batch.length);
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('reads the blocks of its range alone, each once, and never more ahead than it may', async () => {
    const payload = 'p'.repeat(88);
    const all = Array.from({ length: 1000 }, (_, i) => record(BigInt(i), payload));
    const bytes = await bytesOf(encodeRun(all, { blockBytes: 1000 }));
    const reads: [number, number][] = [];
    const run = await openRun(sourceOf(bytes, reads), bytes.length);
    reads.length = 0;
    expect(await merged([run], { from: 205n, to: 231n }, { bufferBytes: 4000 })).toHaveLength(26);
    expect(reads).toEqual([
      [20_000, 22_000],
      [22_000, 24_000],
    ]);
    reads.length = 0;
    expect(await merged([run], { from: 5000n, to: 6000n })).toEqual([]);
    expect(reads).toEqual([]);
    const steps = mergeRuns([run], ALL, { bufferBytes: 4000, batch: 1 });
    await steps.next();
    expect(reads).toEqual([
      [0, 2000],
      [2000, 4000],
    ]);
    await steps.return();
    expect(reads).toHaveLength(2);
  });
});

describe('a run that is not whole', () => {
  const all = Array.from({ length: 50 }, (_, i) => record(BigInt(i * 7), `payload ${i}`));

  test('any byte changed or the end cut off is CorruptLake, never wrong records', async () => {
    const whole = await bytesOf(encodeRun(all, { blockBytes: 200 }));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, flip, cut) => {
          const bytes = cut ? whole.slice(0, at) : whole.map((byte, i) => (i === at ? byte ^ flip : byte));
          const read = async () => merged([await openRun(sourceOf(bytes), bytes.length)]);
          await expect(read()).rejects.toThrow(CorruptLake);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('a source that gives fewer bytes than it said, or fails, fails the merge', async () => {
    const whole = await bytesOf(encodeRun(all, { blockBytes: 200 }));
    const good = await openRun(sourceOf(whole), whole.length);
    const short = { ...good, source: { read: async () => new Uint8Array(3) } };
    await expect(merged([good, short])).rejects.toThrow(/3 came/);
    let calls = 0;
    const source = sourceOf(whole);
    const failing = {
      ...good,
      source: {
        read: (start: number, end: number) =>
          ++calls > 2 ? Promise.reject(new Error('gone')) : source.read(start, end),
      },
    };
    await expect(merged([good, failing], ALL, { bufferBytes: 1 })).rejects.toThrow('gone');
  });

  test('says which object and why', async () => {
    const bytes = Buffer.alloc(100);
    await expect(openRun(sourceOf(bytes), 100)).rejects.toThrow(/footer of a run \(runs\/x\.run\)/);
    await expect(openRun(sourceOf(bytes), 10)).rejects.toThrow(/10 bytes cannot hold/);
  });
});

describe('keyRange', () => {
  test('equal ranges hold every key once', () => {
    expect(keyRange(0, 1)).toEqual(ALL);
    expect(keyRange(1, 4)).toEqual({ from: 2n ** 62n, to: 2n ** 63n });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (n) => {
        const ranges = Array.from({ length: n }, (_, i) => keyRange(i, n));
        expect(ranges[0]?.from).toBe(0n);
        expect(ranges.at(-1)?.to).toBe(2n ** 64n);
        for (const [i, range] of ranges.entries()) {
          const size = range.to - range.from;
          expect(size === 2n ** 64n / BigInt(n) || size === 2n ** 64n / BigInt(n) + 1n).toBe(true);
          if (i > 0) expect(range.from).toBe(ranges[i - 1]?.to);
        }
      }),
      { numRuns: 20 },
    );
    expect(() => keyRange(4, 4)).toThrow(RangeError);
  });
});
