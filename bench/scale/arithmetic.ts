import { ESTIMATE_HELD } from '../../activities/dedupe/comparer.ts';
import { bandPayload, edgeRecord, exactRecord, signaturePayload } from '../../activities/dedupe/records.ts';
import { BANDS, VALUES } from '../../activities/dedupe/signature.ts';
import { PARTITION_ROWS } from '../../activities/plan/partitions.ts';
import { PAGE_ENTRIES } from '../../activities/plan/write-input.ts';
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

/** Events that an activity leaves in the history of a workflow, at most: three of its own, three of a workflow task. */
const ACTIVITY_EVENTS = 6;
/** Bytes of an edge. */
export const EDGE_BYTES = RECORD_BYTES + edgeRecord({ later: PLACE, first: PLACE, band: 0 }).payload.length;

/** What decide holds: for each planned row (one bit, and a count for 32), for each document in an edge, for each one held. */
export const DECIDE = { row: 0.25, inEdge: 20, held: VALUES * 2 + 8, inBucket: 40 };
/** Documents that are compared in one pass. */
export const DECIDE_HELD = ESTIMATE_HELD;

/** What was measured, for one document or one record. */
export interface Rates {
  textBytes: number;
  scanWritten: number;
  /** CPU seconds of scan and decide for a document, of find and combine for a bucket record. */
  scanCpu: number;
  decideCpu: number;
  findCpu: number;
  combineCpu: number;
  /** Edges, documents that occur in them, and dropped ones, for each document. */
  edges: number;
  inEdges: number;
  dropped: number;
}

/** What dedupe of so many documents takes; bytes and hours of CPU are those of all activities together. */
export interface Arithmetic {
  textBytes: number;
  partitions: number;
  records: number;
  bucketBytes: number;
  signatureBytes: number;
  ranges: number;
  /** Activities that combine; 0 where that is not needed. */
  combines: number;
  /** Runs that a range opens; how often runs are opened by all; bytes of a range in one of them. */
  runs: number;
  opens: number;
  sliceBytes: number;
  /** What a range holds of the runs that it reads: two blocks of each, and its directory. */
  cursorBytes: number;
  /** Bucket records that are written and read, by scan, combine and find. */
  exchanged: number;
  activities: number;
  /** Of the history of the run itself, in the phase dedupe. */
  events: number;
  decideBytes: number;
  /** Times that decide reads all signatures, and the bytes of it. */
  passes: number;
  decideRead: number;
  scanHours: number;
  exchangeHours: number;
  decideHours: number;
}

export function arithmetic(documents: number, rates: Rates): Arithmetic {
  const rows = Math.min(PARTITION_ROWS, PARTITION_BYTES / rates.textBytes);
  const partitions = Math.ceil(documents / rows);
  const records = documents * BUCKET_RECORDS;
  const bucketBytes = documents * BUCKET_BYTES;
  const signatureBytes = documents * SIGNATURE_BYTES;
  const { ranges, combine } = cutDedupe(documents, partitions);
  const combines = combine ? Math.ceil(partitions / LANE) : 0;
  const runs = combine ? combines : partitions;
  const runBytes = bucketBytes / runs;
  const inEdges = documents * rates.inEdges;
  const passes = Math.ceil(inEdges / DECIDE_HELD);
  const held =
    Math.min(inEdges, DECIDE_HELD) * (DECIDE.held + (DECIDE.inBucket * rates.edges) / rates.inEdges);
  return {
    textBytes: documents * rates.textBytes,
    partitions,
    records,
    bucketBytes,
    signatureBytes,
    ranges,
    combines,
    runs,
    opens: runs * ranges + (combine ? partitions : 0),
    sliceBytes: runBytes / ranges,
    cursorBytes: runs * (2 * BLOCK_BYTES + Math.ceil(runBytes / BLOCK_BYTES) * ENTRY_BYTES),
    exchanged: bucketBytes * (combine ? 4 : 2),
    activities: partitions + combines + ranges + 1,
    events: (combines + ranges + 1) * ACTIVITY_EVENTS,
    decideBytes: documents * DECIDE.row + inEdges * DECIDE.inEdge + held,
    passes,
    decideRead: passes * signatureBytes + 2 * documents * rates.edges * EDGE_BYTES,
    scanHours: (documents * rates.scanCpu) / 3600,
    exchangeHours: (records * (rates.findCpu + (combine ? rates.combineCpu : 0))) / 3600,
    decideHours: (passes * documents * rates.decideCpu) / 3600,
  };
}

/** Of one attempt of a CPU stage (`workflows/limits.ts`), and of a worker's memory. */
const ATTEMPT_SECONDS = 4 * 3600;
export const MEMORY_BYTES = 1.5e9;

/** The documents at which decide reaches the time of an attempt, and the memory of a worker that holds `base` without it. */
export function decideEnds(
  { decideCpu, inEdges, edges }: Rates,
  base: number,
): { time: number; memory: number } {
  const held = DECIDE_HELD * (DECIDE.held + (DECIDE.inBucket * edges) / inEdges);
  return {
    time: Math.sqrt((ATTEMPT_SECONDS * DECIDE_HELD) / (inEdges * decideCpu)),
    memory: (MEMORY_BYTES - base - held) / (DECIDE.row + inEdges * DECIDE.inEdge),
  };
}
