import { crc32 } from 'node:zlib';
import { BLOCK_BYTES, type EncodeOptions, type ExchangeRecord } from './encode.ts';
import { type BlockEntry, encodeDirectory, encodeFooter, RECORD_BYTES, viewOf } from './format.ts';

/**
 * The run of records that come in the order of (key, payload bytes), in pieces: the bytes that `encodeRun` gives, with no
 * more than a block held. Throws RangeError on records that are out of order.
 */
export async function* encodeSorted(
  batches: AsyncIterable<readonly ExchangeRecord[]>,
  options: EncodeOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const blockBytes = options.blockBytes ?? BLOCK_BYTES;
  const entries: BlockEntry[] = [];
  let block: ExchangeRecord[] = [];
  let size = 0;
  let start = 0;
  let records = 0;
  let payloadBytes = 0;
  let last: ExchangeRecord | undefined;

  function close(): Uint8Array {
    const bytes = encodeBlock(block, size);
    const view = viewOf(bytes);
    entries.push({
      start,
      size,
      count: block.length,
      firstKey: view.getBigUint64(0, true),
      lastKey: view.getBigUint64((block.length - 1) * 8, true),
      crc: crc32(bytes),
    });
    start += size;
    records += block.length;
    block = [];
    size = 0;
    return bytes;
  }
  for await (const batch of batches) {
    for (const record of batch) {
      if (last !== undefined && isBefore(record, last))
        throw new RangeError(`record ${records + block.length} of a sorted run stands before the last one`);
      last = record;
      const bytes = RECORD_BYTES + record.payload.length;
      if (block.length > 0 && size + bytes > blockBytes) yield close();
      block.push(record);
      size += bytes;
      payloadBytes += record.payload.length;
    }
  }
  if (block.length > 0) yield close();
  const directory = encodeDirectory(entries);
  if (directory.length > 0) yield directory;
  yield encodeFooter({
    blocks: entries.length,
    records,
    directoryStart: start,
    payloadBytes,
    directoryCrc: crc32(directory),
  });
}

const isBefore = (a: ExchangeRecord, b: ExchangeRecord): boolean =>
  a.key < b.key || (a.key === b.key && Buffer.compare(a.payload, b.payload) < 0);

function encodeBlock(records: readonly ExchangeRecord[], size: number): Uint8Array {
  const block = new Uint8Array(size);
  const view = viewOf(block);
  const lengths = records.length * 8;
  let at = records.length * RECORD_BYTES;
  for (const [i, { key, payload }] of records.entries()) {
    view.setBigUint64(i * 8, key, true);
    view.setUint32(lengths + i * 4, payload.length, true);
    block.set(payload, at);
    at += payload.length;
  }
  return block;
}
