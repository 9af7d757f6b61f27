import { RECORD_BYTES, viewOf } from './format.ts';
import type { KeyRange } from './key.ts';
import { blocksOf, type Run, readWindow, type Window } from './run.ts';

/** A place in one run's records of a range. `hi`, `lo` and `payload` are those of the record it stands on. */
export interface Cursor {
  /** Upper 32 bits of the key; Infinity after the last record. */
  hi: number;
  lo: number;
  /** A view into the bytes that were read. */
  payload: Uint8Array;
  /** To the next record that has been read; false when `fill` has to read more first, or nothing is left. */
  advance(): boolean;
  /** Reads on and stands on the next record; at the end `hi` becomes Infinity. Reads the window after it ahead. */
  fill(): Promise<void>;
  /** Resolves once no read is under way. */
  settle(): Promise<void>;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** A cursor before the first record: call `fill`. It holds two windows of `windowBytes` at most, one block at least each. */
export function openCursor(run: Run, range: KeyRange, windowBytes: number): Cursor {
  const { first, end } = blocksOf(run, range);
  const from = split(range.from);
  const to = split(range.to);
  let ahead: Promise<Window> | undefined;
  let next = first;
  let blocks: Iterator<Uint8Array> = [].values();
  let counts: Iterator<number> = [].values();
  let view = viewOf(NOTHING);
  let bytes = NOTHING;
  let count = 0;
  let i = 0;
  let at = 0;

  const cursor: Cursor = { hi: 0, lo: 0, payload: NOTHING, advance, fill, settle };

  function readAhead(): void {
    if (next >= end) {
      ahead = undefined;
      return;
    }
    ahead = readWindow(run, next, end, windowBytes);
    ahead.catch(() => undefined); // whoever awaits it sees the failure; nobody may
  }

  function nextBlock(): boolean {
    const block = blocks.next();
    if (block.done === true) return false;
    bytes = block.value;
    view = viewOf(bytes);
    count = counts.next().value ?? 0;
    i = 0;
    at = count * RECORD_BYTES;
    return true;
  }

  function advance(): boolean {
    for (;;) {
      if (i === count && !nextBlock()) return false;
      const lo = view.getUint32(i * 8, true);
      const hi = view.getUint32(i * 8 + 4, true);
      const start = at;
      at += view.getUint32(count * 8 + i * 4, true);
      i++;
      if (hi < from.hi || (hi === from.hi && lo < from.lo)) continue;
      if (hi > to.hi || (hi === to.hi && lo >= to.lo)) return false;
      cursor.hi = hi;
      cursor.lo = lo;
      cursor.payload = bytes.subarray(start, at);
      return true;
    }
  }

  async function fill(): Promise<void> {
    if (next === first) readAhead();
    while (ahead !== undefined) {
      const window = await ahead;
      next = window.next;
      blocks = window.blocks.values();
      counts = window.entries.map((entry) => entry.count).values();
      count = 0;
      i = 0;
      readAhead();
      if (advance()) return;
    }
    cursor.hi = Number.POSITIVE_INFINITY;
    cursor.lo = 0;
    cursor.payload = NOTHING;
  }

  async function settle(): Promise<void> {
    await Promise.allSettled([ahead]);
  }
  return cursor;
}

/** The halves of a bound; 2^64 has an upper half of 2^32, above every key's. */
function split(bound: bigint): { hi: number; lo: number } {
  return { hi: Number(bound >> 32n), lo: Number(bound & 0xffff_ffffn) };
}
