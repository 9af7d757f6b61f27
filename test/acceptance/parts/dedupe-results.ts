import { createHash } from 'node:crypto';
import { DUPLICATE_COLUMNS, DUPLICATES } from '../../../activities/dedupe/duplicates.ts';
import { edgeRuns } from '../../../activities/dedupe/find-duplicates.ts';
import { edgeOf } from '../../../activities/dedupe/records.ts';
import { bucketRuns } from '../../../activities/dedupe/scan-records.ts';
import { outputOf, type StageCommit } from '../../../lake/commit.ts';
import { keyRange, mergeRuns } from '../../../lake/exchange.ts';
import { openCommittedRuns } from '../../../lake/runs.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import { readBatches } from '../../../lake/table.ts';
import type { DroppedDocument } from './dedupe-truth.ts';

/** How full the buckets are that scans have left. */
export interface Buckets {
  records: number;
  /** Different keys; of these with more than one document, and with more than 256. */
  keys: number;
  shared: number;
  over256: number;
  /** The fullest, the first one first. */
  largest: number[];
}
const LARGEST = 16;

export async function bucketsOf(store: ObjectStore, scans: readonly StageCommit[]): Promise<Buckets> {
  const runs = await openCommittedRuns(store, scans.flatMap(bucketRuns));
  const buckets = { records: 0, keys: 0, shared: 0, over256: 0 };
  const large: number[] = [];
  let last: bigint | undefined;
  let size = 0;
  function close(): void {
    if (size > 0) buckets.keys++;
    if (size > 1) buckets.shared++;
    if (size > 256) {
      buckets.over256++;
      large.push(size);
    }
  }
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    for (const { key } of batch) {
      buckets.records++;
      if (key !== last) {
        close();
        last = key;
        size = 0;
      }
      size++;
    }
  }
  close();
  return { ...buckets, largest: large.sort((a, b) => b - a).slice(0, LARGEST) };
}

/** The edges that ranges have left, however many ranges there were. */
export interface Edges {
  edges: number;
  /** That occur in them. */
  documents: number;
  /** SHA-256 of all of them, in the order in which decide reads them. */
  sha256: string;
}

/** Reads the edges that ranges have left. */
export async function edgesOf(
  store: ObjectStore,
  ranges: readonly StageCommit[],
  { documents, perSource }: { documents: number; perSource: number },
): Promise<Edges> {
  const runs = await openCommittedRuns(store, ranges.flatMap(edgeRuns));
  const seen = new Uint8Array(documents);
  const hash = createHash('sha256');
  const found = { edges: 0, documents: 0 };
  for await (const batch of mergeRuns(runs, keyRange(0, 1))) {
    for (const record of batch) {
      found.edges++;
      hash.update(`${record.key}`).update(record.payload);
      const { later, first } = edgeOf(record);
      for (const { source, row } of [later, first]) {
        const number = source * perSource + row;
        if (seen[number] === 0) found.documents++;
        seen[number] = 1;
      }
    }
  }
  return { ...found, sha256: hash.digest('hex') };
}

/** The table of duplicates, by numbers of documents; `numberOf` tells them from a source's key and the row. */
export async function droppedOf(
  store: ObjectStore,
  decided: StageCommit,
  numberOf: (key: string, row: number) => number,
): Promise<DroppedDocument[]> {
  const names = DUPLICATE_COLUMNS.map(({ name }) => name);
  const dropped: DroppedDocument[] = [];
  for await (const rows of readBatches(store, outputOf(decided, DUPLICATES), names)) {
    for (const { key, row, keptKey, keptRow, kind, similarity } of rows) {
      dropped.push({
        document: numberOf(String(key), Number(row)),
        kept: numberOf(String(keptKey), Number(keptRow)),
        kind: kind === 'exact' ? 'exact' : 'near',
        similarity: Number(similarity),
      });
    }
  }
  return dropped;
}
