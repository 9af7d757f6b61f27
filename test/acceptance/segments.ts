// tier: manual — what a night pays for a million documents in its base, and that compact merges them in bounded memory
import { type BucketState, starEdges } from '../../activities/dedupe/buckets.ts';
import { type OpenBase, readBase } from '../../activities/segment/base.ts';
import type { Compacted } from '../../activities/segment/compact.ts';
import { baseOf } from '../../activities/segment/open-domain.ts';
import { SEGMENT_RUNS } from '../../activities/segment/segment.ts';
import { openStack } from '../../client/stack/stack.ts';
import { keyRange, mergeRuns } from '../../lake/exchange.ts';
import { sha256 } from '../../lake/hash.ts';
import { readHead } from '../../lake/log.ts';
import { openS3 } from '../../lake/s3.ts';
import { resultOf, startProcess } from '../faults/commit-points/scene.ts';
import type { CompactProcessOptions } from '../faults/compact-process.ts';
import { type MadeDocument, ownBands, publishSegment, putSegment } from '../segments.ts';
import { must, scratch } from './lib.ts';

const DOMAIN = 'large';
/** Fewer are for trying things out. */
const DOCUMENTS = Number(process.env.SEGMENT_DOCUMENTS ?? 1_000_000);
const NIGHTS = 4;
/** Bytes that the process which merges may take. */
const LIMIT = 700e6;

const state = scratch('segments');
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
const { s3 } = stack.settings;
const store = openS3(s3);
const seconds = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const done = await work();
  console.log(`  ${((performance.now() - began) / 1000).toFixed(1)} s: ${what}`);
  return done;
};
const live = async (): Promise<OpenBase> =>
  readBase(store, await baseOf(store, (await readHead(store, DOMAIN)).entry));

/** Reads what dedupe of a night reads of the base: every bucket record and every signature. */
async function readAll(base: OpenBase): Promise<{ records: number; signatures: number }> {
  for (const name of SEGMENT_RUNS) {
    const outputs = base.opened.flatMap((segment) => segment[name]);
    const bytes = outputs.reduce((sum, { size }) => sum + size, 0);
    console.log(`  ${name}: ${outputs.length} objects, ${(bytes / 1e6).toFixed(0)} MB`);
  }
  let records = 0;
  await seconds('every bucket record of the base is read, and documents that are out left out', async () => {
    const state: BucketState = {};
    for await (const batch of mergeRuns(await base.buckets(), keyRange(0, 1))) {
      records += batch.length;
      for (const _ of starEdges(batch, state, { isOut: base.isOut }));
    }
  });
  let signatures = 0;
  await seconds('every signature of the base is read', async () => {
    for await (const batch of mergeRuns(await base.signatures(), keyRange(0, 1))) signatures += batch.length;
  });
  return { records, signatures };
}

try {
  const rows = DOCUMENTS / NIGHTS;
  for (let night = 0; night < NIGHTS; night++) {
    function* documents(): Generator<MadeDocument> {
      for (let row = 0; row < rows; row++) {
        const seed = night * rows + row;
        yield { source: night, row, hash: sha256(String(seed)).slice(0, 32), bands: ownBands(seed) };
      }
    }
    const run = `n${night}`;
    const sources = [{ source: night, key: `raw/${night}`, etag: 'e', rows }];
    const made = { run, sources, documents: documents(), nextSource: night + 1 };
    await publishSegment(store, DOMAIN, run, await putSegment(store, DOMAIN, made));
  }
  const before = await readAll(await live());
  must(
    before.records === DOCUMENTS * 15,
    `the base of ${NIGHTS} segments has ${before.records} bucket records`,
  );
  const input: CompactProcessOptions = { s3, domain: DOMAIN };
  const running = startProcess({ s3, endpoint: '', folder: state }, 'compact-process.ts', input);
  const done = await seconds(
    'compact',
    async () => (await resultOf(running)) as unknown as Compacted & { maxRss: number },
  );
  must(done.changed && done.documents === DOCUMENTS, `one segment has ${done.documents} documents now`);
  must(
    done.maxRss < LIMIT,
    `merging took ${Math.round(done.maxRss / 1e6)} MB of memory, of which ${LIMIT / 1e6} are allowed`,
  );
  const base = await live();
  const after = await readAll(base);
  must(base.segments.length === 1 && after.records === before.records, 'nothing was lost');
  must(after.signatures === before.signatures, 'no signature was lost');
} finally {
  store.close();
  await stack.close();
}
