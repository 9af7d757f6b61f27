import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleTokenizerPath } from '../client/sample/index.ts';

/** Special tokens of a synthesizer's tokenizer: the two of the protocol, and others that no prompt may have. */
export const SPECIALS = ['<s>', '</s>', '<unk>', '<pad>', '[INST]', '<|im_end|>'];
/** Id of the first of them. */
export const FIRST_SPECIAL = 4096;

/** Writes the sample's byte-level tokenizer with these special tokens; its path. Decoding gives any prompt back. */
export function writeSynthesizerTokenizer(folder: string): string {
  const file = JSON.parse(readFileSync(sampleTokenizerPath(), 'utf8')) as { added_tokens: object[] };
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  file.added_tokens = [
    ...file.added_tokens,
    ...SPECIALS.map((content, i) => ({ id: FIRST_SPECIAL + i, content, ...plain })),
  ];
  const path = join(folder, 'synthesizer.json');
  writeFileSync(path, JSON.stringify(file));
  return path;
}
