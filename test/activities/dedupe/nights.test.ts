import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BUCKET_KEPT, starEdges } from '../../../activities/dedupe/buckets.ts';
import { byShingles, bySignature, type ComparedDocument } from '../../../activities/dedupe/compared.ts';
import { estimate, exactly, jaccard } from '../../../activities/dedupe/comparer.ts';
import { decide } from '../../../activities/dedupe/decide.ts';
import {
  bandPayload,
  edgeRecord,
  exactRecord,
  type Place,
  rowKey,
  shinglesPayload,
  signaturePayload,
  type Verdict,
} from '../../../activities/dedupe/records.ts';
import {
  BANDS,
  bandKey,
  ROWS,
  shinglesOf,
  signatureOf,
  VALUES,
} from '../../../activities/dedupe/signature.ts';
import { type ExchangeRecord, keyRange, mergeRuns, type Run } from '../../../lake/exchange.ts';
import { sha256 } from '../../../lake/hash.ts';
import { memoryRun } from '../../memory-run.ts';

/* Nights one after the other, each against what those before have kept, beside the definition. */

interface Doc extends Place {
  hash: string;
  signature: Uint16Array | undefined;
  shingles: Uint32Array | undefined;
}
interface Version {
  key: string;
  source: number;
  docs: Doc[];
}

const memory = new Map<string, Omit<Doc, 'source' | 'row'>>();
/** What scan makes of a text. */
function scanned(text: string, place: Place): Doc {
  let known = memory.get(text);
  if (known === undefined) {
    const values = signatureOf(text);
    known = {
      hash: sha256(text).slice(0, 32),
      signature: values && Uint16Array.from(values, (value) => value & 0xffff),
      shingles: values && shinglesOf(text).slice(),
    };
    memory.set(text, known);
  }
  return { ...place, ...known };
}

const bucketsOf = (docs: readonly Doc[]): ExchangeRecord[] =>
  docs.flatMap((doc) => {
    const { signature } = doc;
    if (signature === undefined) return [exactRecord(doc)];
    const bands = Array.from({ length: BANDS }, (_, band) => ({
      key: bandKey(signature, band),
      payload: bandPayload(doc),
    }));
    return [exactRecord(doc), ...bands];
  });
const signaturesOf = (docs: readonly Doc[]): ExchangeRecord[] =>
  docs.flatMap((doc) =>
    doc.signature ? [{ key: rowKey(doc), payload: signaturePayload(Int32Array.from(doc.signature)) }] : [],
  );
const shinglesRecords = (docs: readonly Doc[]): ExchangeRecord[] =>
  docs.flatMap((doc) => (doc.shingles ? [{ key: rowKey(doc), payload: shinglesPayload(doc.shingles) }] : []));

interface How {
  verify: 'estimate' | 'exact';
  ranges: number;
  held: number;
  bucketKept: number;
}
const THRESHOLD = 0.75;

/** What the index holds: documents that are kept, and the key of each source that was taken. */
interface Index {
  kept: Doc[];
  keys: Map<number, string>;
}

/** A night as the activities do it: what it drops, and what of the index its new versions leave behind. */
async function night(
  index: Index,
  sources: readonly Version[],
  { verify, ranges, held, bucketKept }: How,
): Promise<{ verdicts: Verdict[]; next: Index }> {
  const docs = sources.flatMap((source) => source.docs);
  const firstSource = Math.max(-1, ...index.keys.keys()) + 1;
  const buckets = [await memoryRun(bucketsOf(index.kept)), await memoryRun(bucketsOf(docs))];
  const edges: Run[] = [];
  for (let range = 0; range < ranges; range++) {
    const found: ExchangeRecord[] = [];
    const state = {};
    for await (const batch of mergeRuns(buckets, keyRange(range, ranges), { batch: 3 })) {
      for (const edge of starEdges(batch, state, { isOut: () => false, firstSource, bucketKept }))
        found.push(edgeRecord(edge));
    }
    edges.push(await memoryRun(found));
  }
  const newest = new Map(sources.map(({ key, source }) => [key, source]));
  const newerOf = new Map(
    [...index.keys].flatMap(([source, key]) => {
      const newer = newest.get(key);
      return newer === undefined ? [] : [[source, newer] as const];
    }),
  );
  const all = [index.kept, docs];
  const signatures = await Promise.all(all.map((some) => memoryRun(signaturesOf(some))));
  const shingles = await Promise.all(all.map((some) => memoryRun(shinglesRecords(some))));
  const rowsOf = (source: number): number =>
    Math.max(0, ...[...index.kept, ...docs].filter((doc) => doc.source === source).map(({ row }) => row + 1));
  const known = [...index.keys.keys(), ...sources.map(({ source }) => source)].sort((a, b) => a - b);
  const decision = await decide({
    sources: known.map((source) => ({ source, rows: rowsOf(source) })),
    firstSource,
    newerOf,
    measure: verify === 'exact' ? exactly(THRESHOLD) : estimate(THRESHOLD),
    held,
    bucketKept,
    edges: () => mergeRuns(edges, keyRange(0, 1)),
    compared: (): AsyncIterable<Iterable<ComparedDocument>> =>
      verify === 'exact' ? byShingles(signatures, shingles) : bySignature(signatures),
    checkCancelled: () => {},
  });
  const verdicts = [...decision.verdicts()];
  expect(decision.earlierDuplicates).toBe(verdicts.filter(({ kept }) => kept.source < firstSource).length);
  const dropped = new Set(verdicts.map((verdict) => rowKey(verdict.dropped)));
  return {
    verdicts,
    next: {
      kept: [
        ...index.kept.filter((doc) => !newerOf.has(doc.source) || decision.survives(doc)),
        ...docs.filter((doc) => !dropped.has(rowKey(doc))),
      ],
      keys: new Map([...index.keys, ...sources.map(({ key, source }) => [source, key] as const)]),
    },
  };
}

/** The same by the definition, document after document. */
function byDefinition(
  before: readonly Doc[],
  docs: readonly Doc[],
  { verify, bucketKept }: Pick<How, 'verify' | 'bucketKept'>,
): { kept: Doc[]; verdicts: Verdict[] } {
  const kept: Doc[] = [];
  const buckets = new Map<string, Doc[]>();
  const verdicts: Verdict[] = [];
  const bandsOf = ({ signature }: Doc): string[] =>
    Array.from(
      { length: signature ? BANDS : 0 },
      (_, band) => `${band}:${signature?.slice(band * ROWS, (band + 1) * ROWS).join()}`,
    );
  const similarity = (a: Doc, b: Doc): number => {
    if (verify === 'exact') return jaccard(a.shingles as Uint32Array, b.shingles as Uint32Array);
    const other = b.signature as Uint16Array;
    return (a.signature as Uint16Array).reduce((n, value, i) => n + Number(value === other[i]), 0) / VALUES;
  };
  function keep(doc: Doc): void {
    kept.push(doc);
    for (const band of bandsOf(doc)) {
      const bucket = buckets.get(band) ?? [];
      buckets.set(band, bucket);
      if (bucket.length < bucketKept) bucket.push(doc);
    }
  }
  for (const doc of before) keep(doc);
  for (const doc of docs) {
    const place = ({ source, row }: Place): Place => ({ source, row });
    const same = kept.find(({ hash }) => hash === doc.hash);
    if (same !== undefined) {
      verdicts.push({ dropped: place(doc), kept: place(same), kind: 'exact', similarity: 1 });
      continue;
    }
    const candidates = new Set(bandsOf(doc).flatMap((band) => buckets.get(band) ?? []));
    const others = kept
      .filter((each) => candidates.has(each))
      .map((each) => ({ each, how: similarity(doc, each) }));
    const most = Math.max(...others.map(({ how }) => how));
    const found = others.find(({ how }) => how === most);
    if (found !== undefined && most >= THRESHOLD) {
      verdicts.push({ dropped: place(doc), kept: place(found.each), kind: 'near', similarity: most });
    } else keep(doc);
  }
  return { kept, verdicts };
}

/** Texts of few families: words of a family, some of which are changed; so that many are near each other, and chains form. */
const text = fc
  .record({
    family: fc.integer({ min: 0, max: 2 }),
    length: fc.constantFrom(8, 60, 90),
    changes: fc.array(fc.integer({ min: 0, max: 89 }), { maxLength: 3 }),
  })
  .map(({ family, length, changes }) =>
    Array.from({ length }, (_, i) => `${changes.includes(i) ? 'x' : 'w'}${family}v${i}`).join(' '),
  );
const source = fc.array(text, { maxLength: 6 });
const how = fc.record({
  verify: fc.constantFrom('estimate' as const, 'exact' as const),
  ranges: fc.integer({ min: 1, max: 3 }),
  held: fc.integer({ min: 1, max: 8 }),
  bucketKept: fc.constantFrom(1, 2, BUCKET_KEPT),
});
const version = (key: string, number: number, texts: readonly string[]): Version => ({
  key,
  source: number,
  docs: texts.map((each, row) => scanned(each, { source: number, row })),
});

test('nights keep what one batch in their order keeps, and name the same documents', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(source, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
      how,
      async (nights, cut) => {
        let number = 0;
        const named = nights.map((sources) =>
          sources.map((texts) => version(`raw/${number}`, number++, texts)),
        );
        let index: Index = { kept: [], keys: new Map() };
        const verdicts: Verdict[] = [];
        for (const sources of named) {
          const done = await night(index, sources, cut);
          verdicts.push(...done.verdicts);
          index = done.next;
        }
        const docs = named.flat().flatMap((each) => each.docs);
        const batch = byDefinition([], docs, cut);
        expect(verdicts).toEqual(batch.verdicts);
        expect(index.kept).toEqual(batch.kept);
        const { verdicts: atOnce } = await night({ kept: [], keys: new Map() }, named.flat(), cut);
        expect(atOnce).toEqual(batch.verdicts);
      },
    ),
    { numRuns: 150 },
  );
});

test('a new version leaves of the old one what it repeats word for word, and is compared with that alone', {
  timeout: 120_000,
}, async () => {
  const keys = ['a', 'b', 'c'];
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc
          .subarray(keys, { minLength: 1 })
          .chain((some) => fc.tuple(...some.map((key) => source.map((texts) => ({ key, texts }))))),
        { minLength: 2, maxLength: 4 },
      ),
      // The first of a bucket are counted before versions are: few of them would show which.
      how.map((each) => ({ ...each, bucketKept: BUCKET_KEPT })),
      async (nights, cut) => {
        let number = 0;
        let index: Index = { kept: [], keys: new Map() };
        for (const sources of nights) {
          const named = sources.map(({ key, texts }) => version(key, number++, texts));
          const docs = named.flatMap((each) => each.docs);
          const alive = index.kept.filter((doc) => {
            const newer = named.find(({ key }) => key === index.keys.get(doc.source));
            return newer === undefined || newer.docs.some(({ hash }) => hash === doc.hash);
          });
          const expected = byDefinition(alive, docs, cut);
          const done = await night(index, named, cut);
          expect(done.verdicts).toEqual(expected.verdicts);
          expect(done.next.kept).toEqual(expected.kept);
          index = done.next;
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('the Jaccard similarity of two sets, and that it stops early only where it is below', () => {
  const set = fc
    .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 30 })
    .map((values) => Uint32Array.from(values).sort());
  fc.assert(
    fc.property(set, set, fc.constantFrom(0.5, 0.75, 0.9, 1), (a, b, least) => {
      fc.pre(a.length + b.length > 0);
      const common = [...a].filter((value) => b.includes(value)).length;
      const similarity = common / (a.length + b.length - common);
      expect(jaccard(a, b)).toBe(similarity);
      if (similarity >= least) expect(jaccard(a, b, least)).toBe(similarity);
      else expect(jaccard(a, b, least)).toBeLessThan(least);
    }),
  );
});
