import { type Scan, scanGpt2, scanGpt4o, scanLater } from './scan.ts';

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

/** The patterns by which byte-level tokenizers cut text, as their files spell them, and what scans by each. */
const SCANS: ReadonlyMap<string, () => Scan> = new Map([
  [String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|${WHITE_SPACE}`, scanGpt2],
  // Llama 3, DBRX
  [later(String.raw`\p{N}{1,3}`), () => scanLater({ numbers: 3 })],
  // GPT-4
  [
    String.raw`'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|${WHITE_SPACE}`,
    () => scanLater({ numbers: 3 }),
  ],
  // Qwen 2
  [later(String.raw`\p{N}`), () => scanLater({ numbers: 1 })],
  // GPT-4o
  [cased(String.raw`\p{N}{1,3}`, `${CONTRACTIONS}?`), () => scanGpt4o({ numbers: 3, contractions: true })],
  // Mistral NeMo
  [cased(String.raw`\p{N}`, ''), () => scanGpt4o({ numbers: 1, contractions: false })],
]);

/** What scans by a pattern; undefined for one that is not known. */
export const scanFor = (pattern: string): Scan | undefined => SCANS.get(pattern)?.();
