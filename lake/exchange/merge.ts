import { type Cursor, openCursor } from './cursor.ts';
import type { ExchangeRecord } from './encode.ts';
import type { KeyRange } from './key.ts';
import type { Run } from './run.ts';

export interface MergeOptions {
  /** Bytes read ahead over all runs together, about; 64 MiB. Two blocks of every run are the least. */
  bufferBytes?: number;
  /** Records of a batch, at most; 1,024. */
  batch?: number;
}

const BUFFER_BYTES = 64 * 1024 * 1024;
/** Beyond this a longer read is no faster. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** Payload bytes after which a batch ends. */
const BATCH_BYTES = 1024 * 1024;

/**
 * The records of all runs whose keys are in the range, in batches, ordered by (key, payload bytes). Payloads are views
 * into what was read: copy the ones you keep. Throws CorruptLake on a block that is not what its directory says.
 */
export async function* mergeRuns(
  runs: readonly Run[],
  range: KeyRange,
  options: MergeOptions = {},
): AsyncGenerator<ExchangeRecord[], void> {
  const windowBytes = Math.min(WINDOW_BYTES, (options.bufferBytes ?? BUFFER_BYTES) / (2 * runs.length));
  const size = options.batch ?? 1024;
  const cursors = runs.map((run) => openCursor(run, range, windowBytes));
  const cell = new DataView(new ArrayBuffer(8));
  try {
    await Promise.all(cursors.map((cursor) => cursor.fill()));
    const tree = openTree(cursors);
    let batch: ExchangeRecord[] = [];
    let bytes = 0;
    for (;;) {
      const cursor = cursors[tree.winner()];
      if (cursor === undefined || cursor.hi === Number.POSITIVE_INFINITY) break;
      cell.setUint32(0, cursor.hi);
      cell.setUint32(4, cursor.lo);
      batch.push({ key: cell.getBigUint64(0), payload: cursor.payload });
      bytes += cursor.payload.length;
      if (!cursor.advance()) await cursor.fill();
      tree.replay();
      if (batch.length >= size || bytes >= BATCH_BYTES) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all(cursors.map((cursor) => cursor.settle()));
  }
}

interface LoserTree {
  /** Index of the cursor that comes first; -1 where there is none. */
  winner(): number;
  /** To be called when the winner has moved. */
  replay(): void;
}

/** A tournament of losers (Knuth, volume 3, section 5.4.1): log2(cursors) comparisons a record. */
function openTree(cursors: readonly Cursor[]): LoserTree {
  const n = cursors.length;
  const losers = new Int32Array(Math.max(1, n)).fill(-1);
  for (let leaf = 0; leaf < n; leaf++) enter(leaf);

  /** Node 0 holds the winner. On the way up, the first to reach a node waits there for its opponent. */
  function enter(leaf: number): void {
    let winner = leaf;
    for (let node = (leaf + n) >> 1; node > 0; node >>= 1) {
      const other = losers[node] as number;
      if (other === -1) {
        losers[node] = winner;
        return;
      }
      if (isBefore(cursors[other] as Cursor, cursors[winner] as Cursor)) {
        losers[node] = winner;
        winner = other;
      }
    }
    losers[0] = winner;
  }
  return { winner: () => losers[0] as number, replay: () => enter(losers[0] as number) };
}

function isBefore(a: Cursor, b: Cursor): boolean {
  if (a.hi !== b.hi) return a.hi < b.hi;
  if (a.lo !== b.lo) return a.lo < b.lo;
  return Buffer.compare(a.payload, b.payload) < 0;
}
