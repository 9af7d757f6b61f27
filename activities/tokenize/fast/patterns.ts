import type { Cut } from './cut.ts';

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WHITE_SPACE = String.raw`\s+(?!\S)|\s+`;
const UPPER = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const LOWER = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const later = (numbers: string): string =>
  String.raw`${CONTRACTIONS}|[^\r\n\p{L}\p{N}]?\p{L}+|${numbers}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|${WHITE_SPACE}`;
const cased = (numbers: string, contractions: string): string =>
  [
    String.raw`[^\r\n\p{L}\p{N}]?${UPPER}*${LOWER}+${contractions}`,
    String.raw`[^\r\n\p{L}\p{N}]?${UPPER}+${LOWER}*${contractions}`,
    String.raw`${numbers}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|${WHITE_SPACE}`,
  ].join('|');

/** The patterns by which byte-level tokenizers cut text, as their files spell them, and how each cuts. */
const CUTS: ReadonlyMap<string, Cut> = new Map([
  [String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|${WHITE_SPACE}`, { by: 'gpt2' }],
  // Llama 3, DBRX
  [later(String.raw`\p{N}{1,3}`), { by: 'later', numbers: 3 }],
  // GPT-4
  [
    String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|${WHITE_SPACE}`,
    { by: 'later', numbers: 3 },
  ],
  // Qwen 2
  [later(String.raw`\p{N}`), { by: 'later', numbers: 1 }],
  // GPT-4o
  [cased(String.raw`\p{N}{1,3}`, `${CONTRACTIONS}?`), { by: 'gpt4o', numbers: 3, contractions: true }],
  // Mistral NeMo
  [cased(String.raw`\p{N}`, ''), { by: 'gpt4o', numbers: 1, contractions: false }],
]);

/** How a pattern cuts; undefined for one that is not known. */
export const cutBy = (pattern: string): Cut | undefined => CUTS.get(pattern);
