import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { readBase } from '../../activities/segment/base.ts';
import { compactDomain } from '../../activities/segment/compact.ts';
import { baseOf } from '../../activities/segment/open-domain.ts';
import { SEGMENT_RUNS, type Segment } from '../../activities/segment/segment.ts';
import { createBucket, s3Client } from '../../client/stack/servers.ts';
import { readJson } from '../../lake/commit.ts';
import { checkLog, readHead } from '../../lake/log.ts';
import { openS3, type S3Settings, type S3Store } from '../../lake/s3.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { publishSegment, putSegment } from '../segments.ts';
import { pointName } from './commit-points/point.ts';
import { startProcess } from './commit-points/scene.ts';
import type { CompactProcessOptions } from './compact-process.ts';
import { kill9 } from './kill.ts';
import { isWrite, openS3Proxy } from './s3-proxy.ts';

const DOMAIN = 'biomed';
/** Several objects of bucket records. */
const RUN_BYTES = 400;
const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-compact-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A bucket with a domain of three nights. */
async function openLake(): Promise<{ s3: Required<S3Settings>; store: S3Store }> {
  const s3 = { ...inject('stack').s3, bucket: `compact-${randomUUID()}` };
  const client = s3Client(s3);
  await createBucket(client, s3.bucket);
  client.destroy();
  const store = openS3(s3);
  for (const night of [0, 1, 2]) {
    const documents = Array.from({ length: 10 }, (_, row) => ({
      ...{ source: night, row, hash: `${night}${row}`.padEnd(32, '0') },
      bands: [BigInt(row % 3) + 1n, BigInt(night * 10 + row) + 100n],
    }));
    const sources = [{ source: night, key: `raw/${night}`, etag: 'e', rows: 10 }];
    const run = `n${night}`;
    const segment = await putSegment(store, DOMAIN, { run, sources, documents, nextSource: night + 1 });
    await publishSegment(store, DOMAIN, run, segment);
  }
  return { s3, store };
}

/** What the live segments of a domain hold, by the hashes of their objects. */
async function index(store: S3Store): Promise<string[][]> {
  const { entry } = await checkLog(store, DOMAIN);
  const { segments } = await readBase(store, await baseOf(store, entry));
  const read = await Promise.all(segments.map((ref: ObjectRef) => readJson<Segment>(store, ref)));
  return read.map((segment) => SEGMENT_RUNS.flatMap((name) => segment[name].map(({ sha256 }) => sha256)));
}

/** Compacts a domain in a process that is killed at its write number `at`; the kinds of the writes that were met. */
async function crash(
  s3: Required<S3Settings>,
  at: number,
  side: 'before' | 'after',
): Promise<{ met: string[]; killed: boolean }> {
  const met: string[] = [];
  const kill = async (): Promise<'cut'> => {
    await kill9(running.child);
    return 'cut';
  };
  const proxy = await openS3Proxy(s3, {
    before(request) {
      if (!isWrite(request)) return 'on';
      met.push(
        pointName(request).replace(/segments\/[0-9a-f]{64}\/[0-9a-f]{32}/, 'segments/<hash>/<attempt>'),
      );
      return side === 'before' && met.length === at ? kill() : 'on';
    },
    after: () => (side === 'after' && met.length === at ? kill() : 'on'),
  });
  const input: CompactProcessOptions = { s3: proxy.settings, domain: DOMAIN, runBytes: RUN_BYTES };
  const running = startProcess({ s3, endpoint: '', folder }, 'compact-process.ts', input);
  try {
    const { code, signal, stderr } = await running.ended;
    if (code !== 0 && signal !== 'SIGKILL') throw new Error(stderr);
    return { met, killed: signal === 'SIGKILL' };
  } finally {
    await kill9(running.child);
    await proxy.close();
  }
}

test('compact may be killed at every kind of write: the index is the old one or the new one, and a second call ends it', async () => {
  const calm = await openLake();
  const old = await index(calm.store);
  const { met, killed } = await crash(calm.s3, 0, 'before');
  expect(killed).toBe(false);
  const wanted = await index(calm.store);
  const { number } = (await readHead(calm.store, DOMAIN)).entry;
  calm.store.close();
  expect(met.filter((name) => name.includes('buckets-')).length).toBeGreaterThan(2);
  expect(met.slice(-2)).toEqual(['index/log/<number>.json', 'index/latest.json']);

  // The first write of each kind.
  for (const at of new Set(met.map((name) => met.indexOf(name) + 1))) {
    for (const side of ['before', 'after'] as const) {
      const { s3, store } = await openLake();
      expect((await crash(s3, at, side)).killed).toBe(true);
      const isIn = at === met.length || (at === met.length - 1 && side === 'after');
      expect(await index(store), `${side} ${met[at - 1]}`).toEqual(isIn ? wanted : old);
      expect((await compactDomain(store, DOMAIN, { runBytes: RUN_BYTES })).changed).toBe(!isIn);
      expect(await index(store)).toEqual(wanted);
      expect((await checkLog(store, DOMAIN)).entry.number).toBe(number);
      store.close();
    }
  }
}, 600_000);
