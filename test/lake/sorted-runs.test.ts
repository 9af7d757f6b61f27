import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ExchangeRecord,
  encodeRun,
  encodeSorted,
  keyRange,
  mergeRuns,
  openRun,
} from '../../lake/exchange.ts';
import { openRunsWriter, writeSortedRuns } from '../../lake/runs.ts';

const records = fc.array(
  fc.record({ key: fc.bigInt({ min: 0n, max: 40n }), payload: fc.uint8Array({ maxLength: 30 }) }),
  { maxLength: 150 },
);
const sorted = (all: readonly ExchangeRecord[]): ExchangeRecord[] =>
  [...all].sort((a, b) => (a.key === b.key ? Buffer.compare(a.payload, b.payload) : a.key < b.key ? -1 : 1));

async function* batches(all: readonly ExchangeRecord[], size: number): AsyncGenerator<ExchangeRecord[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
  yield [];
}
async function bytesOf(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Buffer<ArrayBufferLike>> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}
const text = (all: readonly ExchangeRecord[]): string[] =>
  all.map(({ key, payload }) => `${key}:${Buffer.from(payload).toString('hex')}`);

const opened = (body: Buffer) =>
  openRun({ read: async (start, end) => body.subarray(start, end) }, body.length);

/** What is written to it stays in memory. */
function memoryFolder() {
  const bodies: Buffer[] = [];
  const folder = {
    async write(name: string, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      bodies.push(await bytesOf(body));
      return { name, key: name, size: bodies.at(-1)?.length ?? 0, sha256: '' };
    },
  };
  return { bodies, folder };
}

describe('records that come in any order', () => {
  test('are written as runs of bounded size, which merge to all of them', async () => {
    const named = fc.record({ name: fc.constantFrom('x', 'y-1'), record: fc.nat({ max: 149 }) });
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.array(named, { maxLength: 100 }),
        fc.integer({ min: 1, max: 2000 }),
        async (all, picks, held) => {
          const { bodies, folder } = memoryFolder();
          const writer = openRunsWriter(folder, held);
          const wanted: Record<string, ExchangeRecord[]> = { x: [], 'y-1': [] };
          for (const { name, record } of picks) {
            const { key, payload } = all[record % all.length] ?? { key: 7n, payload: new Uint8Array(3) };
            await writer.add(name, key, payload);
            wanted[name]?.push({ key, payload });
          }
          const outputs = await writer.finish();
          expect(writer.count).toBe(picks.length);
          for (const name of ['x', 'y-1']) {
            const own = outputs
              .map((output, i) => ({ output, i }))
              .filter(({ output }) => output.name.startsWith(name));
            expect(own.map(({ output }) => output.name)).toEqual(
              own.map((_, i) => `${name}-${String(i).padStart(5, '0')}.run`),
            );
            const runs = await Promise.all(own.map(({ i }) => opened(bodies[i] as Buffer)));
            for (const run of runs) {
              expect(run.records).toBeGreaterThan(0);
              // What is beyond the limit is the last record alone.
              expect(run.payloadBytes + run.records * 12).toBeLessThan(held + 30 + 12);
            }
            const found: ExchangeRecord[] = [];
            for await (const batch of mergeRuns(runs, keyRange(0, 1))) found.push(...batch);
            expect(text(found)).toEqual(text(sorted(wanted[name] ?? [])));
          }
        },
      ),
    );
  });
});

describe('records that come sorted', () => {
  test('give the bytes of a run that was sorted by its writer', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 40 }), async (all, size) => {
        const options = { blockBytes: 100 };
        const streamed = await bytesOf(encodeSorted(batches(sorted(all), size), options));
        expect(streamed.equals(await bytesOf(encodeRun(all, options)))).toBe(true);
      }),
    );
  });

  test('are refused when they do not', async () => {
    const payload = new Uint8Array();
    const wrong = [
      { key: 2n, payload },
      { key: 1n, payload },
    ];
    await expect(bytesOf(encodeSorted(batches(wrong, 1)))).rejects.toThrow(RangeError);
  });

  test('are cut into runs of bounded size, no key in two of them', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 40 }), async (all, size) => {
        const { bodies, folder } = memoryFolder();
        const outputs = await writeSortedRuns(folder, 'x', batches(sorted(all), size), 200);
        expect(outputs.map(({ name }) => name)).toEqual(
          bodies.map((_, i) => `x-${String(i).padStart(5, '0')}.run`),
        );
        expect(bodies.length).toBeGreaterThan(0);
        const found: ExchangeRecord[] = [];
        for (const body of bodies) {
          const run = await opened(body);
          const own: ExchangeRecord[] = [];
          for await (const batch of mergeRuns([run], keyRange(0, 1))) own.push(...batch);
          const [first] = own;
          if (found.length > 0) expect(first?.key).toBeGreaterThan(found.at(-1)?.key ?? 0n);
          // What is beyond the limit is of the last key alone.
          const before = own.filter(({ key }) => key !== own.at(-1)?.key);
          expect(before.reduce((sum, { payload }) => sum + payload.length + 12, 0)).toBeLessThan(200);
          found.push(...own);
        }
        expect(text(found)).toEqual(text(sorted(all)));
      }),
    );
  });
});
