import { openDirectory } from './directory.ts';
import { BLOCK_BYTES, type EncodeOptions, type ExchangeRecord } from './encode.ts';
import { RECORD_BYTES, viewOf } from './format.ts';

/**
 * The run of records that come ordered by (key, payload bytes), as `mergeRuns` gives them: the same bytes as `encodeRun`
 * makes of them, and one block is held, not all of them. Throws RangeError on records that are out of order.
 */
export async function* encodeSorted(
  batches: AsyncIterable<readonly ExchangeRecord[]>,
  options: EncodeOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const blockBytes = options.blockBytes ?? BLOCK_BYTES;
  const directory = openDirectory();
  let block: ExchangeRecord[] = [];
  let size = 0;
  let last: ExchangeRecord | undefined;
  for await (const batch of batches) {
    for (const record of batch) {
      if (last !== undefined && isBefore(record, last)) {
        throw new RangeError(`a record with key ${record.key} comes after one that it belongs before`);
      }
      last = record;
      const bytes = RECORD_BYTES + record.payload.length;
      if (block.length > 0 && size + bytes > blockBytes) {
        const encoded = encodeBlock(block, size);
        directory.add(encoded, block.length);
        yield encoded;
        block = [];
        size = 0;
      }
      block.push(record);
      size += bytes;
    }
  }
  if (block.length > 0) {
    const encoded = encodeBlock(block, size);
    directory.add(encoded, block.length);
    yield encoded;
  }
  yield* directory.finish();
}

const isBefore = (a: ExchangeRecord, b: ExchangeRecord): boolean =>
  a.key < b.key || (a.key === b.key && Buffer.compare(a.payload, b.payload) < 0);

function encodeBlock(records: readonly ExchangeRecord[], size: number): Uint8Array {
  const block = new Uint8Array(size);
  const view = viewOf(block);
  let at = records.length * RECORD_BYTES;
  for (const [i, { key, payload }] of records.entries()) {
    view.setBigUint64(i * 8, key, true);
    view.setUint32(records.length * 8 + i * 4, payload.length, true);
    block.set(payload, at);
    at += payload.length;
  }
  return block;
}
