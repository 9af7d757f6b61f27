import { commitUnder, type StageCommit } from '../../lake/commit.ts';
import { PinMismatch } from '../../lake/errors.ts';
import { type ExchangeRecord, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { segmentFolder } from '../../lake/layout.ts';
import { openCommittedRuns, writeSortedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { BUCKET_KEPT } from '../dedupe/buckets.ts';
import type { OpenBase } from './base.ts';
import { liveBuckets, liveRows } from './live-records.ts';
import { SEGMENT_RUNS, SEGMENT_VERSION, type Segment, type SegmentRuns } from './segment.ts';
import { SEGMENT } from './write-segment.ts';

export interface MergeSegmentsOptions {
  /** Bytes of an object, about. */
  runBytes?: number;
  /** Documents that are kept of a band's bucket. */
  bucketKept?: number;
  /** Told now and then what is being done. */
  report?: (line: string) => void;
}

/** The merged segment under the hash of what it is made of, written once. It holds some blocks of each run, and the tombstones. */
export async function mergeSegments(
  store: ObjectStore,
  domain: string,
  base: OpenBase,
  { runBytes, bucketKept = BUCKET_KEPT, report }: MergeSegmentsOptions,
): Promise<StageCommit> {
  const { opened, runs } = base;
  const unicode = refuseMixture(store, base);
  const { commit } = await commitUnder(
    store,
    (fp) => segmentFolder(domain, fp),
    {
      ...{ stage: 'compact', version: SEGMENT_VERSION, unit: domain },
      spec: { runs: runs.map(({ run }) => run), runBytes, bucketKept },
      inputs: [...base.segments, ...base.tombstones.map(({ key, sha256 }) => ({ key, sha256 }))],
      etags: [],
    },
    async (folder) => {
      const written = { buckets: 0, hashes: 0, signatures: 0, shingles: 0 };
      const read = { ...written };
      let surplus = 0;
      async function* told(name: SegmentRuns): AsyncGenerator<ExchangeRecord[]> {
        const outputs = opened.flatMap((segment) => segment[name]);
        report?.(`merging ${name} of ${opened.length} segments (${outputs.length} objects)`);
        for await (const batch of mergeRuns(await openCommittedRuns(store, outputs), keyRange(0, 1))) {
          read[name] += batch.length;
          yield batch;
        }
      }
      async function* counted(name: SegmentRuns): AsyncGenerator<ExchangeRecord[]> {
        const batches = told(name);
        const live =
          name === 'buckets'
            ? liveBuckets(batches, base.isOut, { kept: bucketKept, onSurplus: () => surplus++ })
            : liveRows(batches, base.isOut);
        for await (const batch of live) {
          written[name] += batch.length;
          yield batch;
        }
      }
      const merged = { buckets: [], hashes: [], signatures: [], shingles: [] } as Pick<Segment, SegmentRuns>;
      for (const name of SEGMENT_RUNS) {
        if (opened.every((segment) => segment[name].length === 0)) continue;
        merged[name] = await writeSortedRuns(folder, name, counted(name), runBytes);
      }
      const sources = [...base.sources.values()].sort((a, b) => a.source - b.source);
      const segment: Segment = {
        format: 'instruct-lake/segment@1',
        ...{ domain, version: SEGMENT_VERSION, unicode },
        near: opened.every(({ near }) => near),
        exact: opened.every(({ exact }) => exact),
        documents: written.hashes,
        nextSource: base.nextSource,
        sources: await folder.put('sources.json', canonicalJson(sources), 'application/json'),
        ...merged,
      };
      const output = await folder.put(SEGMENT, canonicalJson(segment), 'application/json');
      const dropped = read.hashes - written.hashes;
      return {
        outputs: [output],
        counts: { documents: written.hashes, dropped, surplus },
      };
    },
  );
  return commit;
}

/** The version of the Unicode tables of all segments. Throws PinMismatch where records do not go together. */
function refuseMixture({ bucket }: ObjectStore, { opened, segments }: OpenBase): string {
  const unicode = opened[0]?.unicode ?? '';
  for (const [i, segment] of opened.entries()) {
    const where = { bucket, key: segments[i]?.key ?? '' };
    if (segment.version !== SEGMENT_VERSION)
      throw new PinMismatch(
        `a segment has records of version ${segment.version}, this release has ${SEGMENT_VERSION}; compact the domain with the release that wrote it`,
        where,
      );
    if (segment.unicode !== unicode)
      throw new PinMismatch(
        `the texts of a segment were folded by Unicode ${segment.unicode}, those of the first by ${unicode}: their hashes and signatures do not go together`,
        where,
      );
  }
  return unicode;
}
