import { CorruptLake } from '../../lake/errors.ts';
import { chainRuns, type ExchangeRecord, type Run } from '../../lake/exchange.ts';
import type { Compared } from './comparer.ts';
import { readShingles, readSignature } from './records.ts';
import { VALUES } from './signature.ts';

/** A document by what it is compared by, in room that the next one uses again. */
export interface ComparedDocument extends Compared {
  key: bigint;
}

/** Documents by their signatures, in keep order. */
export async function* bySignature(signatures: readonly Run[]): AsyncGenerator<Iterable<ComparedDocument>> {
  const signature = new Uint16Array(VALUES);
  for await (const batch of chainRuns(signatures)) yield signed(batch, signature);
}

function* signed(batch: readonly ExchangeRecord[], signature: Uint16Array): Generator<ComparedDocument> {
  for (const { key, payload } of batch) {
    readSignature(payload, signature, 0);
    yield { key, signature };
  }
}

/** The same, each with its set of shingles. Throws CorruptLake where one is missing. */
export async function* byShingles(
  signatures: readonly Run[],
  shingles: readonly Run[],
): AsyncGenerator<Iterable<ComparedDocument>> {
  const sets = recordsOf(chainRuns(shingles));
  for await (const batch of bySignature(signatures)) {
    for (const { key, signature } of batch) {
      let next = await sets.next();
      while (next.done !== true && next.value.key < key) next = await sets.next();
      if (next.done === true || next.value.key !== key) {
        throw new CorruptLake('a document with a signature has no set of shingles');
      }
      yield [{ key, signature, shingles: readShingles(next.value.payload) }];
    }
  }
}

async function* recordsOf(batches: AsyncIterable<ExchangeRecord[]>): AsyncGenerator<ExchangeRecord> {
  for await (const batch of batches) yield* batch;
}
