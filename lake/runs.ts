import { atOnce } from './at-once.ts';
import type { AttemptFolder, Output, StageCommit } from './commit.ts';
import { RECORD_BYTES } from './exchange/format.ts';
import {
  type ExchangeRecord,
  encodeSorted,
  openRun,
  openRunWriter,
  type Run,
  type RunWriter,
} from './exchange.ts';
import type { ObjectStore } from './store.ts';

/** Exchange objects that are opened at once. */
const READS = 16;

/** Opens a committed exchange object for ranged reads. Its own checksums guard what is read of it. */
export function openCommittedRun(store: ObjectStore, { key, size }: Output): Promise<Run> {
  return openRun({ name: key, read: (start, end) => store.get(key, { range: [start, end] }) }, size);
}

/** Opens several, in order. */
export function openCommittedRuns(store: ObjectStore, outputs: readonly Output[]): Promise<Run[]> {
  return atOnce(outputs, READS, (output) => openCommittedRun(store, output));
}

/** The runs `<name>-00000.run`, … that a commit names. */
export const runsNamed = ({ outputs }: StageCommit, name: string): Output[] =>
  outputs.filter((output) => output.name.startsWith(`${name}-`));

/** Bytes of records that a writer holds before it writes what it has: a partition's of usual size, with some copies. */
const HELD_BYTES = 128 * 2 ** 20;

/** Writes records that come in any order as runs `<name>-00000.run`, …, each sorted. */
export interface RunsWriter {
  /** Records that have been added. */
  readonly count: number;
  /** Copies the record in, for the runs of a name. Await it: it writes what is held once that is enough. */
  add(name: string, key: bigint, payload: Uint8Array): Promise<void>;
  /** Writes the rest; all runs, those of a name in their order. None for a name without records. */
  finish(): Promise<Output[]>;
}

/**
 * A writer of any number of records, of which it holds some `heldBytes`, of all names together. The same records in the same order give
 * the same runs; merged they are the same whatever is held.
 */
export function openRunsWriter(folder: Pick<AttemptFolder, 'write'>, heldBytes = HELD_BYTES): RunsWriter {
  const outputs: Output[] = [];
  const written = new Map<string, number>();
  const open = new Map<string, RunWriter>();
  let held = 0;
  let count = 0;

  async function flush(): Promise<void> {
    for (const [name, writer] of open) {
      const number = written.get(name) ?? 0;
      written.set(name, number + 1);
      outputs.push(await folder.write(runName(name, number), writer.finish()));
      open.delete(name);
    }
    held = 0;
  }
  return {
    get count() {
      return count;
    },
    async add(name, key, payload) {
      const writer = open.get(name) ?? openRunWriter();
      open.set(name, writer);
      writer.add(key, payload);
      count++;
      held += payload.length + RECORD_BYTES;
      if (held >= heldBytes) await flush();
    },
    async finish() {
      await flush();
      return outputs;
    },
  };
}

const runName = (name: string, number: number): string => `${name}-${String(number).padStart(5, '0')}.run`;

/** Bytes of a run that is written sorted, about: readers open few objects, and no upload gets too many parts. */
const RUN_BYTES = 256 * 2 ** 20;

/**
 * Writes records that come sorted as `<name>-00000.run`, …: one run at least, each of about `maxBytes`, and no key in two
 * of them. Holds a block.
 */
export async function writeSortedRuns(
  folder: Pick<AttemptFolder, 'write'>,
  name: string,
  batches: AsyncIterable<readonly ExchangeRecord[]>,
  maxBytes = RUN_BYTES,
): Promise<Output[]> {
  const source = batches[Symbol.asyncIterator]();
  let batch: readonly ExchangeRecord[] = [];
  let at = 0;
  let over = false;

  async function* piece(): AsyncGenerator<readonly ExchangeRecord[]> {
    let bytes = 0;
    let last: bigint | undefined;
    for (;;) {
      while (at === batch.length) {
        const next = await source.next();
        if (next.done === true) {
          over = true;
          return;
        }
        batch = next.value;
        at = 0;
      }
      const from = at;
      for (; at < batch.length; at++) {
        const { key, payload } = batch[at] as ExchangeRecord;
        if (bytes >= maxBytes && key !== last) break;
        bytes += payload.length + RECORD_BYTES;
        last = key;
      }
      if (at > from) yield batch.slice(from, at);
      if (at < batch.length) return;
    }
  }
  const outputs: Output[] = [];
  try {
    while (!over) {
      outputs.push(await folder.write(runName(name, outputs.length), encodeSorted(piece())));
    }
  } finally {
    await source.return?.();
  }
  return outputs;
}
