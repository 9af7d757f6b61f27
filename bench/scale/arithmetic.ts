import { bandPayload, exactRecord, signaturePayload } from '../../activities/dedupe/records.ts';
import { BANDS, VALUES } from '../../activities/dedupe/signature.ts';
import { PARTITION_ROWS } from '../../activities/plan/partitions.ts';
import { PAGE_ENTRIES } from '../../activities/plan/plan.ts';
import { BLOCK_BYTES } from '../../lake/exchange/encode.ts';
import { ENTRY_BYTES, RECORD_BYTES } from '../../lake/exchange/format.ts';
import { cutDedupe } from '../../workflows/dedupe-cut.ts';

/** Text of a partition, by the spec's default. */
export const PARTITION_BYTES = 64 * 2 ** 20;
/** Partitions of a lane, as a page of the plan holds them. */
export const LANE = PAGE_ENTRIES;

const PLACE = { source: 0, row: 0 };
const payloadOf = { ...PLACE, hash: '0'.repeat(32) };
/** Bytes that one document sends through the exchange: its hash, and each of its bands. */
export const BUCKET_BYTES =
  RECORD_BYTES + exactRecord(payloadOf).payload.length + BANDS * (RECORD_BYTES + bandPayload(PLACE).length);
/** Records of them. */
export const BUCKET_RECORDS = 1 + BANDS;
/** Bytes of its signature. */
export const SIGNATURE_BYTES = RECORD_BYTES + signaturePayload(new Int32Array(VALUES)).length;

/** What was measured, for one document or one record. */
export interface Rates {
  textBytes: number;
  /** CPU seconds for a document in scan, in decide; for a bucket record in find, in combine. */
  scanCpu: number;
  decideCpu: number;
  findCpu: number;
  combineCpu: number;
  /** Edges and dropped documents, for each document. */
  edges: number;
  dropped: number;
}

/** What dedupe of so many documents takes. Bytes and seconds are those of all activities together. */
export interface Arithmetic {
  documents: number;
  textBytes: number;
  partitions: number;
  records: number;
  bucketBytes: number;
  signatureBytes: number;
  ranges: number;
  combine: boolean;
  /** Runs that each range opens; opens of runs by all ranges; bytes of a range in one run. */
  runs: number;
  opens: number;
  sliceBytes: number;
  /** Bytes written into bucket runs and read from them, combined or not. */
  exchanged: number;
  activities: number;
  scanHours: number;
  findHours: number;
  decideHours: number;
  /** Of the parent's history, for the phase dedupe; and of all lanes of scan together. */
  events: number;
}

/** Events that an activity leaves in a history, at most: three of its own, and a workflow task's three. */
export const ACTIVITY_EVENTS = 6;

export function arithmetic(documents: number, rates: Rates): Arithmetic {
  const textBytes = documents * rates.textBytes;
  const rows = Math.min(PARTITION_ROWS, PARTITION_BYTES / rates.textBytes);
  const partitions = Math.ceil(documents / rows);
  const records = documents * BUCKET_RECORDS;
  const bucketBytes = documents * BUCKET_BYTES;
  const { ranges, combine } = cutDedupe(documents, partitions);
  const lists = Math.ceil(partitions / LANE);
  const runs = combine ? lists : partitions;
  const steps = (combine ? lists : 0) + ranges + 1;
  const findCpu = records * (rates.findCpu + (combine ? rates.combineCpu : 0));
  return {
    documents,
    textBytes,
    partitions,
    records,
    bucketBytes,
    signatureBytes: documents * SIGNATURE_BYTES,
    ranges,
    combine,
    runs,
    opens: runs * ranges,
    sliceBytes: bucketBytes / runs / ranges,
    exchanged: bucketBytes * (combine ? 4 : 2),
    activities: partitions + steps,
    scanHours: (documents * rates.scanCpu) / 3600,
    findHours: findCpu / 3600,
    decideHours: (documents * rates.decideCpu) / 3600,
    events: steps * ACTIVITY_EVENTS,
  };
}

/** What a range holds of so many runs: two blocks of each, and its directory. */
export const cursorBytes = (runs: number, runBytes: number): number =>
  runs * (2 * BLOCK_BYTES + Math.ceil(runBytes / BLOCK_BYTES) * ENTRY_BYTES);
