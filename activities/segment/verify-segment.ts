import { readJson } from '../../lake/commit.ts';
import { VerifyFailed } from '../../lake/errors.ts';
import { checkObject } from '../../lake/pieces.ts';
import { openCommittedRuns } from '../../lake/runs.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { ObjectRef } from '../../workflows/contract.ts';
import { readPublishInput } from '../publish/provenance.ts';
import type { ManifestCore, Publication } from '../publish/publication.ts';
import { baseOfPlan } from './base.ts';
import { SEGMENT_RUNS, SEGMENT_VERSION, type Segment, type SegmentSource } from './segment.ts';

/**
 * Looks at the segment that a publication brings, and at its tombstones: hashes, a document for each kept row, sources
 * behind all those of its base. Throws VerifyFailed and CorruptLake.
 */
export async function checkPublishedSegment(
  store: ObjectStore,
  publication: Publication,
  ref: ObjectRef,
  { counts }: Pick<ManifestCore, 'counts'>,
  onStep: () => void,
): Promise<string> {
  const { tombstones, run } = publication;
  const input = await readPublishInput(store, publication);
  const base = await baseOfPlan(store, input.plan);
  const said = await checkSegment(store, ref, onStep);
  const { documents, sources } = said;
  const must = mustIn(store, ref);
  must(
    documents === counts.rows.kept,
    `it has ${documents} documents, and ${counts.rows.kept} rows were kept`,
  );
  const stranger = sources.find((each) => each.run !== run);
  must(stranger === undefined, `source ${stranger?.source} is of run ${stranger?.run}`);
  const first = base?.nextSource ?? 0;
  const early = sources.find(({ source }) => source < first);
  must(early === undefined, `source ${early?.source} is one of its base, which has all below ${first}`);
  if (tombstones !== undefined) await checkObject(store, tombstones, onStep);
  const [stones] = await openCommittedRuns(store, tombstones === undefined ? [] : [tombstones]);
  const replaced = stones?.records ?? 0;
  must(
    replaced === counts.rows.replaced,
    `there are ${replaced} tombstones, the manifest says ${counts.rows.replaced}`,
  );
  return `${documents} documents of ${sources.length} sources, ${replaced} replaced`;
}

/** Looks at every object of a segment, and whether its numbers agree. Throws VerifyFailed and CorruptLake. */
export async function checkSegment(
  store: ObjectStore,
  ref: ObjectRef,
  onStep: () => void = () => {},
): Promise<{ documents: number; sources: SegmentSource[] }> {
  const segment = await readJson<Segment>(store, ref);
  const must = mustIn(store, ref);
  const { documents, version, nextSource, exact } = segment;
  must(version === SEGMENT_VERSION, `it has version ${version}, this release reads ${SEGMENT_VERSION}`);
  const records = { buckets: 0, hashes: 0, signatures: 0, shingles: 0 };
  for (const name of SEGMENT_RUNS) {
    for (const output of segment[name]) await checkObject(store, output, onStep);
    for (const run of await openCommittedRuns(store, segment[name])) records[name] += run.records;
  }
  must(records.hashes === documents, `it has ${records.hashes} hashes for ${documents} documents`);
  must(records.buckets >= documents, `it has ${records.buckets} bucket records for ${documents} documents`);
  must(!exact || records.shingles === records.signatures, 'some documents have a signature and no shingles');
  const sources = await readJson<SegmentSource[]>(store, segment.sources);
  for (const [i, { source }] of sources.entries()) {
    must(source > (sources[i - 1]?.source ?? -1), `source ${source} is out of order`);
    must(source < nextSource, `source ${source} is not below ${nextSource}, where those of later runs begin`);
  }
  return { documents, sources };
}

const mustIn =
  (store: ObjectStore, { key }: ObjectRef) =>
  (ok: boolean, problem: string): void => {
    if (!ok) throw new VerifyFailed(`the segment is not right: ${problem}`, { bucket: store.bucket, key });
  };
