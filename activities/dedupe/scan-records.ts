import type { AttemptFolder, Output, StageCommit } from '../../lake/commit.ts';
import { openRunWriter, type RunWriter } from '../../lake/exchange.ts';
import { sha256 } from '../../lake/hash.ts';
import { runsNamed } from '../../lake/runs.ts';
import type { FullSpec } from '../../lake/spec.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import {
  bandPayload,
  exactRecord,
  type Place,
  rowKey,
  shinglesPayload,
  signaturePayload,
} from './records.ts';
import { BANDS, bandKey, shinglesOf, signatureOf } from './signature.ts';

const BUCKETS = 'buckets';
const SIGNATURES = 'signatures';
const SHINGLES = 'shingles';
/** Records held before they go out as an object of their own: short texts have more of them than text. */
const HELD = 1_000_000;
/** Bytes of shingle sets of which the same holds. */
const HELD_SHINGLES = 128 * 2 ** 20;

/** What scan leaves for dedupe: the records by which duplicates meet, and signatures by which they are compared. */
export interface DedupeRecords {
  /** Takes a text in, and returns the hash of its folded form: 128 bits as 32 hex digits. */
  add(place: Place, text: string): string;
  /** Writes out what has come in, if it is much. To be called now and then. */
  spill(): Promise<void>;
  /** Writes the rest; the outputs of the stage, in order. */
  finish(): Promise<Output[]>;
}

/** Opens the records of a partition; without `near` exact duplicates alone can be found. */
export function openDedupeRecords(
  folder: Pick<AttemptFolder, 'write'>,
  { near, verify }: FullSpec['dedupe'],
  held = HELD,
): DedupeRecords {
  const outputs: Output[] = [];
  let buckets = openRunWriter();
  let signatures = openRunWriter();
  let shingles = openRunWriter();
  let shingleBytes = 0;
  let pieces = 0;

  function add(place: Place, text: string): string {
    const folded = normaliseForDedupe(text);
    const hash = sha256(folded).slice(0, 32);
    const { key, payload } = exactRecord({ ...place, hash });
    buckets.add(key, payload);
    const signature = near ? signatureOf(folded) : undefined;
    if (signature !== undefined) {
      const shared = bandPayload(place);
      for (let band = 0; band < BANDS; band++) buckets.add(bandKey(signature, band), shared);
      signatures.add(rowKey(place), signaturePayload(signature));
      if (verify === 'exact') {
        const payload = shinglesPayload(shinglesOf(folded));
        shingles.add(rowKey(place), payload);
        shingleBytes += payload.length;
      }
    }
    return hash;
  }
  async function write(name: string, writer: RunWriter, piece: number): Promise<void> {
    const file = `${name}-${String(piece).padStart(5, '0')}.run`;
    outputs.push(await folder.write(file, writer.finish()));
  }
  async function flush(): Promise<void> {
    const piece = pieces++;
    await write(BUCKETS, buckets, piece);
    await write(SIGNATURES, signatures, piece);
    if (verify === 'exact') await write(SHINGLES, shingles, piece);
    buckets = openRunWriter();
    signatures = openRunWriter();
    shingles = openRunWriter();
    shingleBytes = 0;
  }
  return {
    add,
    async spill() {
      if (buckets.count >= held || shingleBytes >= HELD_SHINGLES) await flush();
    },
    async finish() {
      await flush();
      return outputs;
    },
  };
}

/** The runs of bucket records that a scan commit names. */
export const bucketRuns = (commit: StageCommit): Output[] => runsNamed(commit, BUCKETS);
/** The runs of signatures that a scan commit names. */
export const signatureRuns = (commit: StageCommit): Output[] => runsNamed(commit, SIGNATURES);
/** The runs of shingle sets that a scan commit names. */
export const shingleRuns = (commit: StageCommit): Output[] => runsNamed(commit, SHINGLES);
