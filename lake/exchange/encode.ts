import { type Arena, openArena, STRIDE } from './arena.ts';
import { openDirectory } from './directory.ts';
import { RECORD_BYTES, viewOf } from './format.ts';
import { orderByKey } from './sort.ts';

/** A key, unsigned with 64 bits, and bytes of the user's own. */
export interface ExchangeRecord {
  key: bigint;
  payload: Uint8Array;
}

export interface EncodeOptions {
  /** Bytes of a block, about; a longer record has a block of its own. What a reader holds at least of each run. */
  blockBytes?: number;
}

export interface RunWriter {
  readonly count: number;
  /** Copies the record in, in any order. */
  add(key: bigint, payload: Uint8Array): void;
  /** Sorts, and gives the run's bytes block by block. Call it once, after the last `add`. */
  finish(): AsyncGenerator<Uint8Array, void>;
}

export const BLOCK_BYTES = 64 * 1024;

/** A writer of one run. It holds all records, at about 30 bytes each beside the payload, until they are written. */
export function openRunWriter(options: EncodeOptions = {}): RunWriter {
  const arena = openArena();
  return {
    get count() {
      return arena.count;
    },
    add: arena.add,
    finish: () => encodeArena(arena, options.blockBytes ?? BLOCK_BYTES),
  };
}

/** The run of these records, in pieces. The same multiset of records gives the same bytes. */
export function encodeRun(
  records: Iterable<ExchangeRecord>,
  options: EncodeOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const writer = openRunWriter(options);
  for (const record of records) writer.add(record.key, record.payload);
  return writer.finish();
}

async function* encodeArena(arena: Arena, blockBytes: number): AsyncGenerator<Uint8Array, void> {
  const order = orderByKey(arena.keys(), STRIDE, arena.count, (a, b) =>
    Buffer.compare(arena.payload(a), arena.payload(b)),
  );
  const directory = openDirectory();
  for (let i = 0; i < order.length; ) {
    let end = i;
    let size = 0;
    do {
      const payload = arena.size(order[end] as number);
      if (end > i && size + RECORD_BYTES + payload > blockBytes) break;
      end++;
      size += RECORD_BYTES + payload;
    } while (end < order.length);
    const block = encodeBlock(arena, order.subarray(i, end), size);
    directory.add(block, end - i);
    yield block;
    i = end;
  }
  yield* directory.finish();
}

function encodeBlock(arena: Arena, records: Uint32Array, size: number): Uint8Array {
  const block = new Uint8Array(size);
  const view = viewOf(block);
  const keys = arena.keys();
  const lengths = records.length * 8;
  let at = records.length * RECORD_BYTES;
  for (let i = 0; i < records.length; i++) {
    const record = records[i] as number;
    view.setUint32(i * 8, keys[record * STRIDE + 1] as number, true);
    view.setUint32(i * 8 + 4, keys[record * STRIDE] as number, true);
    view.setUint32(lengths + i * 4, arena.size(record), true);
    arena.copy(record, block, at);
    at += arena.size(record);
  }
  return block;
}
