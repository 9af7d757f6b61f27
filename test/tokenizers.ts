import { readFileSync } from 'node:fs';
import { BYTE_LETTERS } from '../activities/tokenize/fast/byte-letters.ts';
import type { AddedTokenJson, ModelJson, Part, TokenizerJson } from '../activities/tokenize/fast/file.ts';
import { sampleTokenizerPath } from '../client/sample/index.ts';
import { sharedData } from './shared-data.ts';

/** Tokenizers of every kind that the fast way takes, made of the shipped one; and the real ones, where they are there. */
export function goodTokenizers(): Map<string, TokenizerJson> {
  const all = new Map<string, TokenizerJson>([
    ['GPT-2', byteLevel({})],
    ['GPT-2 with a space before each text', byteLevel({ pre_tokenizer: bytes({ add_prefix_space: true }) })],
    ['Llama 3', byteLevel({ pre_tokenizer: cut(PATTERNS.llama3) }, { ignore_merges: true })],
    ['GPT-4', byteLevel({ pre_tokenizer: cut(PATTERNS.gpt4) })],
    ['Qwen 2', byteLevel({ pre_tokenizer: cut(PATTERNS.qwen2), normalizer: { type: 'NFC' } })],
    ['GPT-4o', byteLevel({ pre_tokenizer: cut(PATTERNS.gpt4o) })],
    ['Mistral NeMo', byteLevel({ pre_tokenizer: cut(PATTERNS.nemo) })],
    ['GPT-NeoX', byteLevel({ added_tokens: SPACES })],
    [
      'added tokens of both kinds',
      byteLevel({
        normalizer: { type: 'NFC' },
        added_tokens: [
          added('<|end|>', { special: true }),
          added('<tool>', { normalized: false }),
          added('ol>', { normalized: true }),
          added('<tool', { normalized: true }),
          added('água', { normalized: true }),
        ],
      }),
    ],
    ['Llama 2', sentencePiece({ normalizer: PREPEND })],
    [
      'Gemma',
      sentencePiece({ normalizer: REPLACE, added_tokens: [added('\n\n'), added('▁▁▁'), added('<b>')] }),
    ],
    // Gemma's own runs of spaces are both: text that spells them, and what merges make of spaces.
    [
      'Gemma, added tokens that the vocabulary has',
      sentencePiece({ normalizer: REPLACE, added_tokens: [added('▁▁'), added('▁▁▁▁'), added('<0xE6>')] }),
    ],
    [
      'GPT-2, added tokens that the vocabulary has',
      byteLevel({ added_tokens: [added('Ġthe'), added('Ġ'), added('â'), added('the')] }),
    ],
    [
      'Llama 2 with added tokens',
      sentencePiece({ normalizer: PREPEND, added_tokens: [added('<b>'), added('e e')] }),
    ],
  ]);
  for (const prepend_scheme of ['first', 'always', 'never']) {
    for (const split of [true, false]) {
      const pre_tokenizer = { type: 'Metaspace', replacement: '▁', prepend_scheme, split };
      const added_tokens = split ? [added('<b>')] : [];
      all.set(`Metaspace ${prepend_scheme} ${split}`, sentencePiece({ pre_tokenizer, added_tokens }));
    }
  }
  for (const name of TRAINED) all.set(`trained: ${name}`, trained(name));
  for (const name of ['metaspace-words', 'metaspace-whole'] as const) {
    for (const prepend_scheme of ['first', 'always', 'never']) {
      const file = trained(name);
      all.set(`trained: ${name} ${prepend_scheme}`, {
        ...file,
        pre_tokenizer: { ...file.pre_tokenizer, prepend_scheme },
      });
    }
  }
  for (const name of ['gpt2', 'openllama']) {
    const file = sharedData(`tokenizers/${name}.json`);
    if (file !== undefined)
      all.set(`the real ${name}`, JSON.parse(readFileSync(file, 'utf8')) as TokenizerJson);
  }
  return all;
}

const TRAINED = [
  ...['gpt2', 'gpt2-prefix', 'gpt4', 'llama3', 'qwen2', 'gpt4o', 'gpt4o-converted', 'nemo', 'neox'],
  ...['llama2', 'gemma'],
] as const;

/** A tokenizer as `scripts/train-test-tokenizers.py` makes it: its merges are made of what its own pattern cuts. */
export function trained(name: string): TokenizerJson {
  const file = new URL(`fixtures/tokenizers/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as TokenizerJson;
}

/** The patterns as the published files spell them. */
export const PATTERNS = {
  llama3:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  qwen2:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  gpt4: "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
  gpt4o:
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  nemo: '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
} as const;
export const PREPEND: Part = {
  type: 'Sequence',
  normalizers: [
    { type: 'Prepend', prepend: '▁' },
    { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
  ],
};
const REPLACE: Part = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };

export const added = (content: string, flags: Partial<AddedTokenJson> = {}): AddedTokenJson => ({
  id: 0,
  content,
  special: false,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
  ...flags,
});
const SPACES = Array.from({ length: 23 }, (_, i) => added(' '.repeat(i + 2), { normalized: true }));

export const bytes = (flags: object): Part => ({
  type: 'ByteLevel',
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: true,
  ...flags,
});
/** Cut by a pattern, then into bytes. */
export const cut = (Regex: string, flags: object = {}): Part => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
    bytes({ use_regex: false, ...flags }),
  ],
});

/** The shipped tokenizer with other parts. */
export function byteLevel(parts: TokenizerJson, model: ModelJson = {}): TokenizerJson {
  const file = JSON.parse(readFileSync(sampleTokenizerPath(), 'utf8')) as TokenizerJson;
  return { ...file, normalizer: null, added_tokens: [], ...parts, model: { ...file.model, ...model } };
}

/** Merges of spaces among themselves and of letters beyond ASCII, which the shipped tokenizer has not. */
const ODD_MERGES = [
  ['▁', '▁'],
  ['▁▁', '▁▁'],
  ['水', '水'],
  ['e', 'é'],
] as const;

/** The words of the shipped tokenizer as SentencePiece would spell them, with a token for every byte. */
export function sentencePiece(parts: TokenizerJson, model: ModelJson = {}): TokenizerJson {
  const { model: shipped } = byteLevel({});
  const text = (token: string): string =>
    Buffer.from([...token].map((letter) => BYTE_LETTERS.indexOf(letter)))
      .toString()
      .replaceAll(' ', '▁');
  const vocab: Record<string, number> = {};
  const add = (token: string): void => {
    vocab[token] ??= Object.keys(vocab).length;
  };
  for (const token of ['<unk>', '<s>', '</s>']) add(token);
  for (let byte = 0; byte < 256; byte++) add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
  for (const letter of ['▁', 'é', 'ß', '水', '😀']) add(letter);
  for (let code = 0x21; code < 0x7f; code++) if (code !== 0x7c) add(String.fromCharCode(code));
  const merges: [string, string][] = [];
  const merge = (left: string, right: string): void => {
    merges.push([left, right]);
    add(left + right);
  };
  for (const each of (shipped?.merges ?? []) as (string | [string, string])[]) {
    const [left = '', right = ''] = (typeof each === 'string' ? each.split(' ') : each).map(text);
    if (left in vocab && right in vocab) merge(left, right);
  }
  for (const [left, right] of ODD_MERGES) merge(left, right);
  return {
    ...{ version: '1.0', truncation: null, padding: null, post_processor: null, decoder: null },
    ...{ normalizer: null, pre_tokenizer: null, added_tokens: [] },
    ...parts,
    model: {
      ...{ type: 'BPE', dropout: null, unk_token: '<unk>', fuse_unk: true, byte_fallback: true },
      ...{ continuing_subword_prefix: null, end_of_word_suffix: null, vocab, merges },
      ...model,
    },
  };
}
