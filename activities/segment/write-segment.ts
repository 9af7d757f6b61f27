import { type AttemptFolder, type Output, outputOf, type StageCommit } from '../../lake/commit.ts';
import { type ExchangeRecord, encodeSorted, keyRange, mergeRuns } from '../../lake/exchange.ts';
import { canonicalJson } from '../../lake/hash.ts';
import { openCommittedRuns, runsNamed } from '../../lake/runs.ts';
import type { PublishInput } from '../../workflows/contract.ts';
import { rowOf } from '../dedupe/records.ts';
import { GONE } from '../dedupe/replaced.ts';
import { readCommits } from '../lists.ts';
import type { RunPins } from '../plan/pins.ts';
import { readSources } from '../plan/read-plan.ts';
import type { Services } from '../services.ts';
import { baseOfPlan, liveSources, readSegments } from './base.ts';
import { readFailed } from './kept.ts';
import { SEGMENT_VERSION, type Segment, type SegmentSource } from './segment.ts';

export const SEGMENT = 'segment.json';
export const TOMBSTONES = 'tombstones.run';

/** What a publication brings to the index of its domain. */
export interface IndexOutputs {
  segment: Output;
  /** Only where it replaces documents. */
  tombstones?: Output;
  /** How many. */
  replaced: number;
}

/**
 * Writes what joins the index with an incremental run: the segment of the documents that it keeps, and tombstones of
 * those that it replaces. Undefined for a run without parts of a segment.
 */
export async function writeSegment(
  services: Services,
  folder: AttemptFolder,
  pins: RunPins,
  { plan, verdicts, settled, segments }: PublishInput,
): Promise<IndexOutputs | undefined> {
  if (segments === undefined) return undefined;
  const { store } = services;
  const base = await baseOfPlan(store, plan);
  const known = base === undefined ? [] : await liveSources(store, base, await readSegments(store, base));
  const keys = new Map(known.map(({ source, key }) => [source, key]));
  const planned = await readSources(store, plan, 'corpus');
  const decided = await readCommits(store, verdicts);
  const failed = await readFailed(services, decided, settled);
  const parts = await readCommits(store, segments);
  const sources = planned
    .filter(({ ordinal }) => !failed.has(ordinal))
    .map(
      ({ ordinal, key, etag, rows }): SegmentSource => ({ source: ordinal, key, etag, rows, run: pins.run }),
    );
  const runs = {
    buckets: parts.flatMap((part) => runsNamed(part, 'buckets')),
    hashes: parts.flatMap((part) => runsNamed(part, 'hashes')),
    signatures: parts.flatMap((part) => runsNamed(part, 'signatures')),
    shingles: parts.flatMap((part) => runsNamed(part, 'shingles')),
  };
  const segment: Segment = {
    format: 'instruct-lake/segment@1',
    domain: pins.domain,
    version: SEGMENT_VERSION,
    unicode: pins.unicode,
    near: pins.spec.dedupe.near,
    exact: runs.shingles.length > 0,
    documents: parts.reduce((sum, { counts }) => sum + (counts.segmentDocuments ?? 0), 0),
    nextSource: Math.max(base?.nextSource ?? 0, (planned.at(-1)?.ordinal ?? -1) + 1),
    sources: await folder.put('sources.json', canonicalJson(sources), 'application/json'),
    ...runs,
  };
  const stale = new Set(planned.filter(({ ordinal }) => failed.has(ordinal)).map(({ key }) => key));
  const isReplaced = ({ key }: ExchangeRecord): boolean => {
    const replaced = keys.get(rowOf(key).source);
    return replaced !== undefined && !stale.has(replaced);
  };
  return {
    segment: await folder.put(SEGMENT, canonicalJson(segment), 'application/json'),
    ...(await writeTombstones(services, folder, decided, isReplaced)),
  };
}

/** A new version that failed replaces nothing. */
async function writeTombstones(
  { store, checkCancelled }: Services,
  folder: AttemptFolder,
  decided: readonly StageCommit[],
  isReplaced: (record: ExchangeRecord) => boolean,
): Promise<Pick<IndexOutputs, 'tombstones' | 'replaced'>> {
  const named = decided.filter(({ outputs }) => outputs.some(({ name }) => name === GONE));
  const gone = await openCommittedRuns(
    store,
    named.map((commit) => outputOf(commit, GONE)),
  );
  let replaced = 0;
  async function* records(): AsyncGenerator<ExchangeRecord[]> {
    for await (const batch of mergeRuns(gone, keyRange(0, 1))) {
      checkCancelled();
      const some = batch.filter(isReplaced);
      replaced += some.length;
      yield some;
    }
  }
  if (gone.every((run) => run.records === 0)) return { replaced };
  const tombstones = await folder.write(TOMBSTONES, encodeSorted(records()));
  return replaced === 0 ? { replaced } : { tombstones, replaced };
}
