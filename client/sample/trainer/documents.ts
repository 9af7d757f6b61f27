import { type FileHandle, open, readFile } from 'node:fs/promises';
import { TrainerFailure } from './failure.ts';
import { reason, type ShardList } from './list.ts';
import { parseIndex, type ShardIndex, tokenIds } from './megatron.ts';

const WINDOW_BYTES = 4 << 20;

/**
 * The token ids of every document of every shard, in order, read in windows of a few MB. Throws a TrainerFailure for
 * a file that cannot be read, a body that does not fit its index, ids outside the vocabulary, or a document that
 * is empty or does not end in `eod`.
 */
export async function* documents(list: ShardList, windowBytes = WINDOW_BYTES): AsyncGenerator<Int32Array> {
  for (const shard of list.shards) {
    const index = parseIndex(await readable(shard.idx, readFile(shard.idx)), shard.idx);
    const body = await readable(shard.bin, open(shard.bin));
    try {
      const { size } = await body.stat();
      const wanted = index.starts.at(-1) ?? 0;
      if (size !== wanted) {
        throw new TrainerFailure(`${shard.bin} has ${size} bytes where its index says ${wanted}`);
      }
      let d = 0;
      for await (const ids of windows(body, shard.bin, index, windowBytes)) {
        check(ids, list, `document ${d++} of ${shard.bin}`);
        yield ids;
      }
    } finally {
      await body.close();
    }
  }
}

async function* windows(
  body: FileHandle,
  name: string,
  index: ShardIndex,
  windowBytes: number,
): AsyncGenerator<Int32Array> {
  const { starts, tokenBytes } = index;
  const count = starts.length - 1;
  for (let first = 0; first < count; ) {
    const from = starts[first] ?? 0;
    let last = first + 1;
    while (last < count && (starts[last + 1] ?? 0) - from <= windowBytes) last++;
    const window = await readable(name, readRange(body, from, starts[last] ?? from));
    for (let d = first; d < last; d++) {
      yield tokenIds(window.subarray((starts[d] ?? 0) - from, (starts[d + 1] ?? 0) - from), tokenBytes);
    }
    first = last;
  }
}

async function readRange(body: FileHandle, from: number, to: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(to - from);
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await body.read(bytes, filled, bytes.length - filled, from + filled);
    if (bytesRead === 0) throw new Error(`it ends at byte ${from + filled}`);
    filled += bytesRead;
  }
  return bytes;
}

function check(ids: Int32Array, { vocabSize, eod }: ShardList, where: string): void {
  if (ids.length === 0) throw new TrainerFailure(`${where} is empty`);
  const stranger = ids.find((id) => id < 0 || id >= vocabSize);
  if (stranger !== undefined) {
    throw new TrainerFailure(`${where} holds the id ${stranger}, outside a vocabulary of ${vocabSize}`);
  }
  if (eod !== undefined && ids.at(-1) !== eod) {
    throw new TrainerFailure(`${where} does not end in the end-of-document token ${eod}`);
  }
}

async function readable<T>(name: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new TrainerFailure(`${name} cannot be read: ${reason(cause)}`, { cause });
  }
}
