import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TrainerFailure } from './failure.ts';

/** What to train on. Paths are absolute; `eod` is the id that ends every document, where there is one. */
export interface ShardList {
  shards: { bin: string; idx: string }[];
  vocabSize: number;
  eod?: number;
}

/** Reads a list file, JSON `{shards: [{bin, idx}], vocabSize, eod?}` with paths relative to the file itself. */
export async function readShardList(path: string): Promise<ShardList> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new TrainerFailure(`the list of shards ${path} cannot be read: ${reason(cause)}`, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TrainerFailure(`the list of shards ${path} is not JSON: ${reason(cause)}`, { cause });
  }
  const problem = (what: string) => new TrainerFailure(`the list of shards ${path} ${what}`);
  if (!isRecord(value)) throw problem('is not an object {shards, vocabSize, eod}');
  const { shards, vocabSize, eod } = value;
  if (!isId(vocabSize) || vocabSize === 0) throw problem('needs a vocabSize above 0');
  if (eod !== undefined && (!isId(eod) || eod >= vocabSize))
    throw problem('has an eod outside its vocabulary');
  if (!Array.isArray(shards) || shards.length === 0) throw problem('names no shards');
  const base = dirname(resolve(path));
  const pairs = shards.map((shard: unknown, at) => {
    if (!isRecord(shard) || typeof shard.bin !== 'string' || typeof shard.idx !== 'string') {
      throw problem(`has no bin and idx in shard ${at}`);
    }
    return { bin: resolve(base, shard.bin), idx: resolve(base, shard.idx) };
  });
  return eod === undefined ? { shards: pairs, vocabSize } : { shards: pairs, vocabSize, eod };
}

/** The message of whatever was thrown. */
export function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
