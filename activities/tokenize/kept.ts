import type { Output } from '../../lake/commit.ts';
import { BadTokenizer } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';
import { tokenizerKey } from '../../lake/layout.ts';
import type { ObjectStore } from '../../lake/store.ts';
import { readTokenizerBytes } from './tokenizer-file.ts';

/** Puts a tokenizer's file into the lake under its hash, once. Throws BadTokenizer where the file is another by now. */
export async function keepTokenizer(store: ObjectStore, file: string, hash: string): Promise<void> {
  const key = tokenizerKey(hash);
  if ((await store.head(key)) !== undefined) return;
  const bytes = await readTokenizerBytes(file);
  if (sha256(bytes) !== hash) {
    throw new BadTokenizer(`the tokenizer file ${file} has changed while it was read; start the run again`);
  }
  await store.put(key, bytes, { ifNoneMatch: true, contentType: 'application/json' });
}

/** The file of a tokenizer in the lake, by its hash; undefined for one of a run that an earlier release began. */
export async function keptTokenizer(store: ObjectStore, hash: string): Promise<Output | undefined> {
  const key = tokenizerKey(hash);
  const found = await store.head(key);
  return found && { name: 'tokenizer.json', key, size: found.size, sha256: hash };
}
