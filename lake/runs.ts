import { atOnce } from './at-once.ts';
import type { AttemptFolder, Output, StageCommit } from './commit.ts';
import { RECORD_BYTES } from './exchange/format.ts';
import { type ExchangeRecord, encodeSorted, openRun, type Run } from './exchange.ts';
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
      const file = `${name}-${String(outputs.length).padStart(5, '0')}.run`;
      outputs.push(await folder.write(file, encodeSorted(piece())));
    }
  } finally {
    await source.return?.();
  }
  return outputs;
}
