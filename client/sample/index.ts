import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A text of the sample corpus: about 200 words of our own prose. Ids start with `bio-` or `fin-`, after the domain. */
export interface Passage {
  id: string;
  title: string;
  text: string;
}

/** A general instruction and its answer. */
export interface Instruction {
  id: string;
  instruction: string;
  response: string;
}

/** The passages of the sample corpus, in file order. */
export function samplePassages(): Passage[] {
  return readJson<Passage[]>('passages.json');
}

/** The general instruction–response pairs of the sample, in file order. */
export function sampleInstructions(): Instruction[] {
  return readJson<Instruction[]>('instructions.json');
}

/**
 * Path of the sample's byte-level tokenizer.json (Hugging Face's format), with `<|begin|>` and `<|end|>` as its
 * special tokens. Made by scripts/train-sample-tokenizer.py.
 */
export function sampleTokenizerPath(): string {
  return fileURLToPath(beside('tokenizer.json'));
}

/** Path of the sample's trainer: main.js where this runs from dist, main.ts where it runs from source. */
export function sampleTrainerPath(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(beside(`trainer/main.${extension}`));
}

function beside(name: string): URL {
  return new URL(`./${name}`, import.meta.url);
}

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(beside(name), 'utf8')) as T;
}
