import type { ReadRange } from './footer.ts';

/** Bytes that are read ahead in one request, and so about what a window holds; twice that while the next ones come. */
export const WINDOW_BYTES = 4 * 2 ** 20;

/** A range of a file that is walked from its start to its end; only a part of it is in memory. */
export interface ByteWindow {
  /** Where it stands in the file. */
  readonly position: number;
  /** Where its range ends. */
  readonly end: number;
  /** What is in memory from the position on; a view, valid until the next call. */
  held(): Uint8Array;
  /** The next `length` bytes without passing them, fewer only where the range ends; a view, valid until the next call. */
  peek(length: number): Promise<Uint8Array>;
  /** The next `length` bytes, in a buffer of their own. Throws RangeError where the range is shorter. */
  take(length: number): Promise<Uint8Array>;
  /** Passes bytes; those that are not in memory yet are never read. */
  skip(length: number): void;
}

export interface WindowOptions {
  /** Bytes from the start of the range on that are there already. */
  held?: Uint8Array;
  /** Bytes of a request at least. */
  step?: number;
  /** Whether the next request goes out while the bytes of the last one are used. */
  ahead?: boolean;
}

/** Opens bytes [start, end) of a file. A read that goes on beyond the window goes on in requests of its size. */
export function openWindow(
  read: ReadRange,
  start: number,
  end: number,
  { held = new Uint8Array(), step = WINDOW_BYTES, ahead = true }: WindowOptions = {},
): ByteWindow {
  let position = start;
  /** Bytes of the file from `position` on. */
  let here = held;
  let next: { start: number; bytes: Promise<Uint8Array> } | undefined;

  /** The request for the bytes from `from` on: the one that is under way, or a new one. */
  function request(from: number): Promise<Uint8Array> {
    const found = next?.start === from ? next.bytes : read(from, Math.min(end, from + step));
    next = undefined;
    return found;
  }
  function readAhead(from: number): void {
    if (!ahead || from >= end || next !== undefined) return;
    const bytes = read(from, Math.min(end, from + step));
    // Whoever takes it sees its failure; nobody may.
    bytes.catch(() => {});
    next = { start: from, bytes };
  }
  async function peek(length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, end - position);
    if (here.length < wanted) {
      const pieces = [here];
      let size = here.length;
      while (size < wanted) {
        const piece = await request(position + size);
        if (piece.length === 0) throw new RangeError(`no bytes came from ${position + size} on`);
        pieces.push(piece);
        size += piece.length;
        readAhead(position + size);
      }
      here = size === pieces[1]?.length ? pieces[1] : Buffer.concat(pieces);
    }
    return here.subarray(0, wanted);
  }
  function skip(length: number): void {
    position += length;
    here = here.subarray(Math.min(length, here.length));
  }
  return {
    get position() {
      return position;
    },
    end,
    held: () => here,
    peek,
    async take(length) {
      if (!(length >= 0 && position + length <= end)) throw new RangeError('the range ends too early');
      const bytes = new Uint8Array(length);
      let done = 0;
      // Piece by piece, so that a value larger than the window is in memory once.
      while (done < length) {
        const piece = await peek(Math.min(length - done, Math.max(1, here.length)));
        bytes.set(piece, done);
        done += piece.length;
        skip(piece.length);
      }
      return bytes;
    },
    skip,
  };
}
