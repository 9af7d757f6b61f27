import { crc32 } from 'node:zlib';
import { CorruptLake } from '../errors.ts';
import {
  type BlockEntry,
  decodeFooter,
  directoryEntry,
  ENTRY_BYTES,
  FOOTER_BYTES,
  type Footer,
  RECORD_BYTES,
  viewOf,
} from './format.ts';
import type { KeyRange } from './key.ts';

/** An object that can be read in ranges. `name` is its key, for errors. */
export interface RangeSource {
  name?: string;
  /** The bytes [start, end). */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** An opened run: its directory, and where its blocks are read. It serves any number of ranges. */
export interface Run {
  readonly records: number;
  readonly payloadBytes: number;
  readonly blocks: number;
  readonly source: RangeSource;
  readonly directory: DataView;
}

/** Read at first, in the hope that it holds the directory too: 900 blocks of 64 KiB. */
const TAIL_BYTES = 32 * 1024;

/** Opens a run of `size` bytes: one read, two where the directory is long. Throws CorruptLake when it is not whole. */
export async function openRun(source: RangeSource, size: number): Promise<Run> {
  if (size < FOOTER_BYTES) throw corrupt(source, `its ${size} bytes cannot hold a footer`);
  const tailStart = Math.max(0, size - TAIL_BYTES);
  const tail = await readExactly(source, tailStart, size);
  const footer = decodeFooter(tail.subarray(tail.length - FOOTER_BYTES));
  if (typeof footer === 'string') throw corrupt(source, footer);
  const { directoryStart } = footer;
  const directoryEnd = size - FOOTER_BYTES;
  if (directoryStart + footer.blocks * ENTRY_BYTES !== directoryEnd) {
    throw corrupt(source, `its footer speaks of another size than ${size} bytes`);
  }
  const bytes =
    directoryStart >= tailStart
      ? // A copy: a view would keep the whole tail, of every run that is open.
        tail.slice(directoryStart - tailStart, directoryEnd - tailStart)
      : await readExactly(source, directoryStart, directoryEnd);
  if (crc32(bytes) !== footer.directoryCrc) throw corrupt(source, 'the checksum of its directory is wrong');
  const run = {
    records: footer.records,
    payloadBytes: footer.payloadBytes,
    blocks: footer.blocks,
    source,
    directory: viewOf(bytes),
  };
  checkDirectory(run, footer);
  return run;
}

/** The numbers of the directory must agree with each other: readers compute addresses from them. */
function checkDirectory(run: Run, footer: Footer): void {
  let start = 0;
  let records = 0;
  for (let i = 0; i < run.blocks; i++) {
    const entry = directoryEntry(run.directory, i);
    if (entry.start !== start || entry.count === 0 || entry.size < entry.count * RECORD_BYTES) {
      throw corrupt(run.source, `entry ${i} of its directory contradicts the others`);
    }
    start += entry.size;
    records += entry.count;
  }
  if (start !== footer.directoryStart || records !== footer.records) {
    throw corrupt(run.source, 'its directory and its footer disagree');
  }
}

/** The blocks [first, end) that may hold keys of the range. */
export function blocksOf(run: Run, range: KeyRange): { first: number; end: number } {
  const first = lowest(run.blocks, (i) => directoryEntry(run.directory, i).lastKey >= range.from);
  const end = lowest(run.blocks, (i) => directoryEntry(run.directory, i).firstKey >= range.to);
  return { first, end: Math.max(first, end) };
}

/** The lowest i in [0, n) for which the monotone `holds` is true, or n. */
function lowest(n: number, holds: (i: number) => boolean): number {
  let low = 0;
  let high = n;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Neighbouring blocks in one read. */
export interface Window {
  entries: BlockEntry[];
  /** The bytes of each, checked. */
  blocks: Uint8Array[];
  /** The first block after the window. */
  next: number;
}

/** Reads blocks from `first` on, up to `end` and about `bytes` bytes, but at least one. */
export async function readWindow(run: Run, first: number, end: number, bytes: number): Promise<Window> {
  const entries = [directoryEntry(run.directory, first)];
  let size = entries[0]?.size ?? 0;
  for (let i = first + 1; i < end; i++) {
    const entry = directoryEntry(run.directory, i);
    if (size + entry.size > bytes) break;
    size += entry.size;
    entries.push(entry);
  }
  const start = entries[0]?.start ?? 0;
  const window = await readExactly(run.source, start, start + size);
  const blocks = entries.map((entry, i) => {
    const block = window.subarray(entry.start - start, entry.start - start + entry.size);
    if (crc32(block) !== entry.crc)
      throw corrupt(run.source, `the checksum of its block ${first + i} is wrong`);
    return block;
  });
  return { entries, blocks, next: first + entries.length };
}

async function readExactly(source: RangeSource, start: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(start, end);
  if (bytes.length !== end - start) {
    throw corrupt(source, `bytes ${start} to ${end} were asked for, ${bytes.length} came`);
  }
  return bytes;
}

function corrupt(source: RangeSource, why: string): CorruptLake {
  return new CorruptLake(
    `this object is not a whole run of the exchange: ${why}`,
    source.name === undefined ? {} : { key: source.name },
  );
}
