import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { bucketEntry, type Place, rowKey } from '../../activities/dedupe/records.ts';
import { type OpenBase, readBase } from '../../activities/segment/base.ts';
import { compactDomain } from '../../activities/segment/compact.ts';
import { baseOf } from '../../activities/segment/open-domain.ts';
import { SEGMENT_RUNS, type Segment } from '../../activities/segment/segment.ts';
import { checkSegment } from '../../activities/segment/verify-segment.ts';
import { createBucket, s3Client } from '../../client/stack/servers.ts';
import { readJson } from '../../lake/commit.ts';
import { DomainTaken, PinMismatch, RunNotFound } from '../../lake/errors.ts';
import { encodeRun, keyRange, mergeRuns, type Run } from '../../lake/exchange.ts';
import { canonicalJson, sha256 } from '../../lake/hash.ts';
import { append, checkLog, readHead, withClose, withOpen, withoutRun } from '../../lake/log.ts';
import { openS3, type S3Store } from '../../lake/s3.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { type MadeDocument, publishSegment, putSegment } from '../segments.ts';

let store: S3Store;
beforeAll(async () => {
  const s3 = { ...inject('stack').s3, bucket: `compact-${process.pid}-${Date.now()}` };
  const client = s3Client(s3);
  await createBucket(client, s3.bucket);
  client.destroy();
  store = openS3(s3);
});
afterAll(() => store?.close());

const live = async (domain: string): Promise<OpenBase> =>
  readBase(store, await baseOf(store, (await readHead(store, domain)).entry));

async function textOf(runs: Run[], take: (key: bigint, payload: Uint8Array) => boolean): Promise<string[]> {
  const all: string[] = [];
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    for (const { key, payload } of batch) {
      if (take(key, payload)) all.push(`${key} ${Buffer.from(payload).toString('hex')}`);
    }
  }
  return all;
}

/**
 * All that verdicts of a later run rest on: of each band's bucket the first live ones, all live hashes, and hash and
 * signature of each live row.
 */
async function seenBy(base: OpenBase, kept: number) {
  const inBucket = new Map<bigint, number>();
  const rows = (key: bigint): boolean =>
    !base.isOut({ source: Number(key >> SHIFT), row: Number(key & MASK) });
  return {
    buckets: await textOf(await base.buckets(), (key, payload) => {
      const { hash, ...place } = bucketEntry(payload);
      if (base.isOut(place)) return false;
      if (hash !== '') return true;
      inBucket.set(key, (inBucket.get(key) ?? 0) + 1);
      return (inBucket.get(key) ?? 0) <= kept;
    }),
    hashes: await textOf(await base.hashes(), rows),
    signatures: await textOf(await base.signatures(), rows),
    sources: [...base.sources.values()].sort((a, b) => a.source - b.source),
    nextSource: base.nextSource,
  };
}
const SHIFT = BigInt(rowKey({ source: 1, row: 0 }).toString(2).length - 1);
const MASK = (1n << SHIFT) - 1n;

/** A night of a domain: its sources with their rows, each a document with bands of a few that all share, or none. */
const night = fc.array(
  fc.array(fc.option(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 })), {
    minLength: 1,
    maxLength: 4,
  }),
  { minLength: 1, maxLength: 3 },
);
const domains = fc.record({
  nights: fc.array(night, { minLength: 1, maxLength: 4 }),
  replaced: fc.array(fc.tuple(fc.nat(3), fc.nat(8), fc.nat(3)), { maxLength: 5 }),
  retracted: fc.array(fc.nat(3), { maxLength: 2 }),
  kept: fc.integer({ min: 1, max: 3 }),
  runBytes: fc.integer({ min: 50, max: 2000 }),
});

async function putTombstones(domain: string, name: string, places: readonly Place[]) {
  const records = places.map((place) => ({ key: rowKey(place), payload: new Uint8Array() }));
  const pieces: Uint8Array[] = [];
  for await (const piece of encodeRun(records)) pieces.push(piece);
  const body = Buffer.concat(pieces);
  const key = `runs/${domain}/${name}/tombstones.run`;
  await store.put(key, body);
  return { key, size: body.length, sha256: sha256(body) };
}

let domainNumber = 0;
/** Publishes the nights, retracts some of them; the name of the domain. */
async function makeDomain({ nights, replaced, retracted }: Made): Promise<string> {
  const domain = `compact-${++domainNumber}`;
  let next = 0;
  for (const [n, rowsOf] of nights.entries()) {
    const first = next;
    next += rowsOf.length;
    const documents = rowsOf.flatMap((rows, i) =>
      rows.map((bands, row): MadeDocument => {
        const place = { source: first + i, row };
        return {
          ...place,
          hash: sha256(canonicalJson(place)).slice(0, 32),
          bands: (bands ?? []).map(BigInt),
        };
      }),
    );
    const sources = rowsOf.map((rows, i) => ({
      ...{ source: first + i, key: `raw/${first + i}`, etag: 'e', rows: rows.length },
    }));
    const run = `n${n}`;
    const segment = await putSegment(store, domain, { run, sources, documents, nextSource: next });
    const stones = replaced
      .filter(([by, source]) => by === n && source < first)
      .map(([, source, row]) => ({ source, row }));
    const dead = stones.length === 0 ? undefined : await putTombstones(domain, run, stones);
    await publishSegment(store, domain, run, segment, dead);
  }
  for (const n of retracted) {
    if (nights.length > 1) await append(store, domain, (state) => withoutRun(state, `n${n}`));
  }
  return domain;
}
interface Made {
  nights: (number[] | null)[][][];
  replaced: [number, number, number][];
  retracted: number[];
}

describe('compacting a domain', () => {
  test('changes nothing that a verdict rests on, whatever was retracted and replaced', async () => {
    await fc.assert(
      fc.asyncProperty(domains, async ({ kept, runBytes, ...made }) => {
        const domain = await makeDomain(made);
        const before = await live(domain);
        const wanted = await seenBy(before, kept);
        const { number } = (await readHead(store, domain)).entry;
        const done = await compactDomain(store, domain, { bucketKept: kept, runBytes });
        const after = await live(domain);
        expect(await seenBy(after, kept)).toEqual(wanted);
        expect(done.documents).toBe(wanted.hashes.length);
        expect((await checkLog(store, domain)).entry.number).toBe(done.changed ? number + 1 : number);
        if (!done.changed) {
          expect(before.segments.length).toBeLessThanOrEqual(1);
          return;
        }
        expect(after.segments).toEqual([done.segment]);
        expect(after.runs).toEqual(before.runs);
        expect(after.tombstones).toEqual([]);
        // Nothing that is out is left, and no more of a bucket than is looked at.
        const all = await textOf(await after.buckets(), () => true);
        expect(all).toEqual(wanted.buckets);
        expect(await textOf(await after.hashes(), () => true)).toEqual(wanted.hashes);
        await checkSegment(store, done.segment as ObjectRef);
        // A second time there is nothing to do.
        expect(await compactDomain(store, domain, { bucketKept: kept, runBytes })).toMatchObject({
          changed: false,
          segment: done.segment,
          logEntry: done.logEntry,
        });
      }),
      { numRuns: 25 },
    );
  });

  test('writes runs of bounded size with keys of their own, the same bytes each time', async () => {
    const rows = (from: number): number[][] => Array.from({ length: 40 }, (_, i) => [from + i]);
    const made: Made = { nights: [[rows(1)], [rows(21)]], replaced: [], retracted: [] };
    const shas: string[][] = [];
    for (const domain of [await makeDomain(made), await makeDomain(made)]) {
      const { segment } = await compactDomain(store, domain, { runBytes: 500 });
      const merged = await readJson<Segment>(store, segment as ObjectRef);
      expect(merged.buckets.length).toBeGreaterThan(3);
      for (const { size } of merged.buckets) expect(size).toBeLessThan(1000);
      shas.push(SEGMENT_RUNS.flatMap((name) => merged[name].map((output) => output.sha256)));
    }
    expect(shas[1]).toEqual(shas[0]);
  });

  test('two that meet write one entry', async () => {
    const domain = await makeDomain({ nights: [[[[1]]], [[[2]]]], replaced: [], retracted: [] });
    const { number } = (await readHead(store, domain)).entry;
    const [a, b] = await Promise.all([compactDomain(store, domain), compactDomain(store, domain)]);
    expect(b.segment).toEqual(a.segment);
    expect((await checkLog(store, domain)).entry.number).toBe(number + 1);
  });

  test('starts again from what is there when another night was published meanwhile', async () => {
    const domain = await makeDomain({ nights: [[[[1]]], [[[2]]]], replaced: [], retracted: [] });
    const { number } = (await readHead(store, domain)).entry;
    const documents = [{ source: 2, row: 0, hash: 'b'.repeat(32), bands: [] }];
    const sources = [{ source: 2, key: 'raw/2', etag: 'e', rows: 1 }];
    let raced = false;
    const racing: ObjectStore = {
      ...store,
      async put(key, ...rest) {
        const done = await store.put(key, ...rest);
        if (key.endsWith('/_commit.json') && !raced) {
          raced = true;
          const third = await putSegment(store, domain, { run: 'n2', sources, documents, nextSource: 3 });
          await publishSegment(store, domain, 'n2', third);
        }
        return done;
      },
    };
    const done = await compactDomain(racing, domain);
    expect([raced, done.documents, done.segments]).toEqual([true, 3, 3]);
    expect((await live(domain)).segments).toEqual([done.segment]);
    // The third night opened and published; nothing was named that lacks it.
    expect((await checkLog(store, domain)).entry.number).toBe(number + 3);
  });

  test('is refused while a run holds the domain, which it names', async () => {
    const domain = await makeDomain({ nights: [[[[1]]], [[[2]]]], replaced: [], retracted: [] });
    const holder = { run: 'tonight', generation: 1 };
    await append(store, domain, (state) => withOpen(state, holder));
    const refused = compactDomain(store, domain);
    await expect(refused).rejects.toThrow(DomainTaken);
    await expect(refused).rejects.toThrow(/run tonight holds the domain/);
    await append(store, domain, (state) => withClose(state, holder));
    expect((await compactDomain(store, domain)).changed).toBe(true);
  });

  test('is refused where nothing was published, and over segments of another release', async () => {
    await expect(compactDomain(store, 'nobody')).rejects.toThrow(RunNotFound);
    const domain = await makeDomain({ nights: [[[[1]]]], replaced: [], retracted: [] });
    const first = (await live(domain)).segments[0] as ObjectRef;
    const old = { ...(await readJson<Segment>(store, first)), unicode: '1.0' };
    const key = `runs/${domain}/old/segment.json`;
    await store.put(key, canonicalJson(old));
    await publishSegment(store, domain, 'old', { key, sha256: sha256(canonicalJson(old)) });
    await expect(compactDomain(store, domain)).rejects.toThrow(PinMismatch);
  });
});
