import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKET_KEPT, starEdges } from '../../../activities/dedupe/buckets.ts';
import { bySignature } from '../../../activities/dedupe/compared.ts';
import { estimate, leastMatches } from '../../../activities/dedupe/comparer.ts';
import { decide } from '../../../activities/dedupe/decide.ts';
import {
  bandPayload,
  edgeRecord,
  exactRecord,
  type Place,
  rowKey,
  signaturePayload,
  type Verdict,
} from '../../../activities/dedupe/records.ts';
import { BANDS, bandKey, ROWS, VALUES } from '../../../activities/dedupe/signature.ts';
import { CorruptLake } from '../../../lake/errors.ts';
import { type ExchangeRecord, keyRange, mergeRuns, type Run } from '../../../lake/exchange.ts';
import { memoryRun } from '../../memory-run.ts';

/** A document by what dedupe knows of it: its hash, and its signature if it is long enough. */
interface Doc extends Place {
  hash: string;
  signature: Int32Array | undefined;
}

interface Cut {
  /** Documents of a partition, about. */
  partition: number;
  ranges: number;
  held: number;
  bucketKept?: number;
}

/** What the pipeline does: partitions leave records, ranges make edges of them, one decides. */
async function throughTheExchange(
  docs: readonly Doc[],
  rows: readonly number[],
  { partition, ranges, held, bucketKept = BUCKET_KEPT }: Cut,
  failed: ReadonlySet<number> = new Set(),
  threshold = 0.75,
): Promise<Verdict[]> {
  const buckets: Run[] = [];
  const signatures: Run[] = [];
  for (let i = 0; i < docs.length; i += partition) {
    const some = docs.slice(i, i + partition);
    buckets.push(
      await memoryRun(
        some.flatMap((doc) => {
          const { signature } = doc;
          if (signature === undefined) return [exactRecord(doc)];
          const bands = Array.from({ length: BANDS }, (_, band) => ({
            key: bandKey(signature, band),
            payload: bandPayload(doc),
          }));
          return [exactRecord(doc), ...bands];
        }),
      ),
    );
    signatures.push(
      await memoryRun(
        some.flatMap((doc) =>
          doc.signature ? [{ key: rowKey(doc), payload: signaturePayload(doc.signature) }] : [],
        ),
      ),
    );
  }
  const edges: Run[] = [];
  for (let range = 0; range < ranges; range++) {
    const found: ExchangeRecord[] = [];
    const state = {};
    for await (const batch of mergeRuns(buckets, keyRange(range, ranges), { batch: 3 })) {
      for (const edge of starEdges(batch, state, { isOut: ({ source }) => failed.has(source) }))
        found.push(edgeRecord(edge));
    }
    edges.push(await memoryRun(found));
  }
  const { verdicts, duplicates, nearDuplicates } = await decide({
    sources: rows.map((count, source) => ({ source, rows: count })),
    measure: estimate(threshold),
    held,
    bucketKept,
    edges: () => mergeRuns(edges, keyRange(0, 1)),
    compared: () => bySignature(signatures),
    checkCancelled: () => {},
  });
  const all = [...verdicts()];
  expect(duplicates).toBe(all.length);
  expect(nearDuplicates).toBe(all.filter(({ kind }) => kind === 'near').length);
  return all;
}

const bandsOf = ({ signature }: Doc): string[] =>
  signature === undefined
    ? []
    : Array.from(
        { length: BANDS },
        (_, band) => `${band}: ${signature.slice(band * ROWS, (band + 1) * ROWS).join()}`,
      );
const similarity = (a: Doc, b: Doc): number =>
  a.signature === undefined || b.signature === undefined
    ? 0
    : a.signature.reduce((sum, value, i) => sum + Number(value === b.signature?.[i]), 0) / VALUES;

/** The same by the definition, document after document. */
function byDefinition(docs: readonly Doc[], threshold: number, bucketKept = BUCKET_KEPT): Verdict[] {
  const kept: Doc[] = [];
  const buckets = new Map<string, Doc[]>();
  const verdicts: Verdict[] = [];
  for (const doc of docs) {
    const bands = bandsOf(doc);
    const candidates = new Set(bands.flatMap((band) => buckets.get(band) ?? []));
    const others = kept.filter((each) => candidates.has(each));
    const same = kept.find(({ hash }) => hash === doc.hash);
    const most = Math.max(...others.map((other) => similarity(doc, other)));
    const other = others.find((each) => similarity(doc, each) === most);
    const place = ({ source, row }: Place): Place => ({ source, row });
    if (same !== undefined) {
      verdicts.push({ dropped: place(doc), kept: place(same), kind: 'exact', similarity: 1 });
    } else if (other !== undefined && most >= threshold) {
      verdicts.push({ dropped: place(doc), kept: place(other), kind: 'near', similarity: most });
    } else {
      kept.push(doc);
      for (const band of bands) {
        const bucket = buckets.get(band) ?? [];
        buckets.set(band, bucket);
        if (bucket.length < bucketKept) bucket.push(doc);
      }
    }
  }
  return verdicts;
}

/** A document: one of few texts, so that there are exact duplicates; each text a changed form of one of few others. */
const text = fc.record({
  family: fc.integer({ min: 0, max: 2 }),
  /** Bands from which on values are those of a variant: variants of a family share the ones before. */
  same: fc.integer({ min: 0, max: VALUES }),
  variant: fc.integer({ min: 0, max: 3 }),
  /** Values of the end that are another variant's. */
  tail: fc.integer({ min: 0, max: 60 }),
  short: fc.boolean(),
});
const corpus = fc
  .tuple(
    fc.array(text, { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 24 }),
  )
  .map(([texts, rows]) => {
    const counts = [0, 0, 0];
    const docs = rows.map(([a, b]): Doc => {
      const which = a % texts.length;
      const { family, same, variant, tail, short } = texts[which] ?? texts[0]!;
      const source = b % counts.length;
      const row = counts[source] ?? 0;
      counts[source] = row + 1 + (b % 2);
      const signature = Int32Array.from({ length: VALUES }, (_, i) => {
        const from = i >= VALUES - tail ? 900 : i < same ? 0 : variant + 1;
        return (family * 10_000 + from * 7) * 128 + i;
      });
      // Texts of equal forms are one text: what has the same hash has the same signature.
      const hash = `${short ? 'f' : '0'}${JSON.stringify([...signature])}`;
      return { source, row, hash: digest(hash), signature: short ? undefined : signature };
    });
    docs.sort((a, b) => a.source - b.source || a.row - b.row);
    return { docs, rows: counts };
  });
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0').repeat(2);
}
const cut = fc.record({
  partition: fc.integer({ min: 1, max: 9 }),
  ranges: fc.integer({ min: 1, max: 4 }),
  held: fc.integer({ min: 1, max: 5 }),
  bucketKept: fc.constantFrom(1, 2, 3, BUCKET_KEPT),
});
const threshold = fc.constantFrom(0.5, 0.75, 0.9, 1);

test('verdicts are those of the definition, however the corpus is cut', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(corpus, cut, threshold, async ({ docs, rows }, how, least) => {
      expect(await throughTheExchange(docs, rows, how, new Set(), least)).toEqual(
        byDefinition(docs, least, how.bucketKept),
      );
    }),
    { numRuns: 150 },
  );
});
test('what failed does not exist: not as one that is kept, and not as a link between others', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(corpus, cut, fc.integer({ min: 0, max: 2 }), async ({ docs, rows }, how, out) => {
      const alive = docs.filter(({ source }) => source !== out);
      expect(await throughTheExchange(docs, rows, how, new Set([out]))).toEqual(
        byDefinition(alive, 0.75, how.bucketKept),
      );
    }),
  );
});

describe('by hand', () => {
  /** Values 0 to `upTo` of the family, then those of the variant. */
  const doc = (row: number, hash: string, values: (i: number) => number): Doc => ({
    source: 0,
    row,
    hash: digest(hash),
    signature: Int32Array.from({ length: VALUES }, (_, i) => values(i)),
  });
  const whole: Cut = { partition: 99, ranges: 1, held: 99 };
  const say = async (docs: readonly Doc[]): Promise<unknown[]> =>
    (await throughTheExchange(docs, [docs.length], whole)).map(({ dropped, kept, kind, similarity }) => [
      dropped.row,
      kept.row,
      kind,
      similarity,
    ]);
  const base = (i: number): number => i + 1;
  const b = (i: number): number => (i < 20 ? -1 - i : base(i));
  const c = (i: number): number => (i < 40 ? -1 - i : base(i));

  test('in a chain A ~ B ~ C the last one stays: it is like B alone, which is dropped', async () => {
    expect(await say([doc(0, 'a', base), doc(1, 'b', b), doc(2, 'c', c)])).toEqual([
      [1, 0, 'near', 92 / 112],
    ]);
  });
  test('in the order C, B, A too', async () => {
    expect(await say([doc(0, 'c', c), doc(1, 'b', b), doc(2, 'a', base)])).toEqual([
      [1, 0, 'near', 92 / 112],
    ]);
  });
  test('copies of a dropped near-duplicate are near-duplicates of what is kept, the most similar of them', async () => {
    const d = (i: number): number => (i < 42 ? -1 - i : base(i));
    const docs = [
      doc(0, 'a', base),
      doc(1, 'b', b),
      doc(2, 'b', b),
      doc(3, 'd', d),
      doc(4, 'b', b),
      doc(5, 'd', d),
    ];
    expect(await say(docs)).toEqual([
      [1, 0, 'near', 92 / 112],
      [2, 0, 'near', 92 / 112],
      [4, 0, 'near', 92 / 112],
      [5, 3, 'exact', 1],
    ]);
    const e = (i: number): number => (i < 35 ? -1 - i : base(i));
    expect(await say([doc(0, 'a', base), doc(1, 'b', b), doc(2, 'e', e), doc(3, 'b', b)])).toEqual([
      [1, 0, 'near', 92 / 112],
      [3, 2, 'near', 97 / 112],
    ]);
  });
  test('of several that are as similar the first is named', async () => {
    const left = (i: number): number => (i < 28 ? base(i) : base(i) + (i < 56 ? 1000 : 0));
    const right = (i: number): number => (i < 28 ? base(i) + 1000 : base(i));
    expect(await say([doc(0, 'l', left), doc(1, 'r', right), doc(2, 'b', base)])).toEqual([
      [2, 0, 'near', 0.75],
    ]);
  });
  test('a missing signature is a corrupt lake, and no guess', async () => {
    const docs = [doc(0, 'a', base), doc(1, 'b', b)];
    const edge = edgeRecord({ later: docs[1] as Doc, first: docs[0] as Doc, band: 0 });
    const question = {
      sources: [{ source: 0, rows: 2 }],
      measure: estimate(0.75),
      edges: async function* () {
        yield [edge];
      },
      compared: async function* () {
        yield [{ key: 0n, signature: new Uint16Array(VALUES) }];
      },
      checkCancelled: () => {},
    };
    await expect(decide(question)).rejects.toThrow(CorruptLake);
  });
});

test('the threshold is met exactly', () => {
  expect([0.5, 0.75, 0.8, 1].map(leastMatches)).toEqual([56, 84, 90, 112]);
});
