import { createHash } from 'node:crypto';
import { TrainerFailure } from './failure.ts';

/** Which documents are held out, how many there are, and how many are left to train on. */
export interface Split {
  isHeldOut: (ids: Int32Array) => boolean;
  documents: number;
  trainDocuments: number;
}

const EVERY = 10;

/**
 * Holds out a tenth of the different documents, at least one: those with the smallest hashes of their tokens, so that
 * repeats of one document are never on both sides. Keeps 8 bytes per document in memory. Throws when there are not
 * two different documents.
 */
export async function split(documents: AsyncIterable<Int32Array>): Promise<Split> {
  const found: number[] = [];
  for await (const ids of documents) found.push(hashOf(ids));
  const hashes = Float64Array.from(found).sort();
  const different = hashes.filter((hash, i) => i === 0 || hash !== hashes[i - 1]);
  if (different.length === 0) throw new TrainerFailure('the shards hold no documents');
  if (different.length === 1) {
    throw new TrainerFailure(
      'the shards hold one document only, and a second one is needed to measure the loss on',
    );
  }
  const largest = different[Math.ceil(different.length / EVERY) - 1] ?? 0;
  return {
    isHeldOut: (ids) => hashOf(ids) <= largest,
    documents: hashes.length,
    trainDocuments: hashes.filter((hash) => hash > largest).length,
  };
}

/** 48 bits of the SHA-256 of the ids. */
function hashOf(ids: Int32Array): number {
  const bytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength);
  return createHash('sha256').update(bytes).digest().readUIntBE(0, 6);
}
