import { crc32 } from 'node:zlib';
import { type BlockEntry, encodeDirectory, encodeFooter, RECORD_BYTES, viewOf } from './format.ts';

/** What stands behind the blocks of a run. It holds 36 bytes and an object for each of them. */
export interface DirectoryWriter {
  /** Notes the next block, of so many records. */
  add(block: Uint8Array, count: number): void;
  /** Directory and footer. */
  finish(): Uint8Array[];
}

export function openDirectory(): DirectoryWriter {
  const entries: BlockEntry[] = [];
  let start = 0;
  let records = 0;
  let payloadBytes = 0;
  return {
    add(block, count) {
      const view = viewOf(block);
      entries.push({
        start,
        size: block.length,
        count,
        firstKey: view.getBigUint64(0, true),
        lastKey: view.getBigUint64((count - 1) * 8, true),
        crc: crc32(block),
      });
      start += block.length;
      records += count;
      payloadBytes += block.length - count * RECORD_BYTES;
    },
    finish() {
      const directory = encodeDirectory(entries);
      const footer = encodeFooter({
        blocks: entries.length,
        records,
        directoryStart: start,
        payloadBytes,
        directoryCrc: crc32(directory),
      });
      return directory.length > 0 ? [directory, footer] : [footer];
    },
  };
}
