import { readFile } from 'node:fs/promises';
import { Tokenizer } from 'tokenizers';
import { BadTokenizer } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';
import type { TokenizerSettings } from '../settings.ts';

/** Text → ids exactly as Hugging Face's `encode(add_special_tokens=false)` with special tokens in text disabled. */
export interface TextTokenizer {
  /** SHA-256 of the file. */
  sha256: string;
  /** Highest id, added tokens included. */
  highestId: number;
  bos: number | undefined;
  eos: number;
  encodeBatch(texts: string[]): Promise<number[][]>;
  decode(ids: number[]): Promise<string>;
}

/** What a token takes in an encoding, about: its text, offsets, type and masks, all of it outside V8's heap. */
const ENCODED_BYTES = 128;

/**
 * Encodings are freed when V8 collects the small objects before them, and it does not know how large they are (measured:
 * 790 MB after 64 MB of text, 350 MB with this). An untouched buffer of that size counts as such, and takes no memory.
 */
function tellCollector(bytes: number): void {
  void new ArrayBuffer(bytes);
}

interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
}

/**
 * Opens a `tokenizer.json`. Special added tokens are taken out before loading, so that text which spells one is
 * tokenized as text; BOS and EOS are put in by id. Saved truncation and padding are switched off. Throws BadTokenizer.
 */
export async function openTokenizer(settings: TokenizerSettings): Promise<TextTokenizer> {
  const { file } = settings;
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new BadTokenizer(
      `the tokenizer file ${file} cannot be read; check its path in the configuration`,
      {},
      { cause },
    );
  });
  const parsed = parse(file, bytes);
  const added = parsed.added_tokens ?? [];
  const vocabulary = idsOf(parsed.model?.vocab);
  const ids = new Map([...vocabulary, ...added.map((token) => [token.content, token.id] as const)]);
  if (ids.size === 0) throw new BadTokenizer(`the tokenizer file ${file} has no vocabulary`);
  const text = JSON.stringify({
    ...parsed,
    truncation: null,
    padding: null,
    added_tokens: added.filter((token) => token.special !== true),
  });
  const tokenizer = load(file, text);
  const whole = load(file, JSON.stringify({ ...parsed, truncation: null, padding: null }));
  return {
    sha256: sha256(bytes),
    highestId: [...ids.values()].reduce((highest, id) => Math.max(highest, id), 0),
    bos: settings.bos === 'none' ? undefined : idOf(file, 'bos', settings.bos, ids),
    eos: idOf(file, 'eos', settings.eos, ids),
    async encodeBatch(texts) {
      const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
      const ids = encodings.map((encoding) => encoding.getIds());
      tellCollector(ids.reduce((sum, each) => sum + each.length, 0) * ENCODED_BYTES);
      return ids;
    },
    decode: (tokens) => whole.decode(tokens, false),
  };
}

interface TokenizerFile {
  added_tokens?: AddedToken[];
  model?: { vocab?: unknown };
}

function parse(file: string, bytes: Uint8Array): TokenizerFile {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as TokenizerFile;
  } catch (cause) {
    throw new BadTokenizer(`the tokenizer file ${file} is not JSON`, {}, { cause });
  }
}

function load(file: string, text: string): Tokenizer {
  try {
    return Tokenizer.fromString(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadTokenizer(`the tokenizer file ${file} cannot be loaded: ${why}`, {}, { cause });
  }
}

/** A vocabulary is a map of token → id (BPE, WordPiece) or a list of [token, score] (Unigram). */
function idsOf(vocab: unknown): [string, number][] {
  if (Array.isArray(vocab)) return vocab.map((entry: unknown, id) => [String((entry as unknown[])[0]), id]);
  return Object.entries((vocab ?? {}) as Record<string, number>);
}

function idOf(file: string, what: string, wanted: string | number, ids: Map<string, number>): number {
  if (typeof wanted === 'number') {
    if ([...ids.values()].includes(wanted)) return wanted;
    throw new BadTokenizer(`${what} is id ${wanted} in the configuration, which ${file} does not have`);
  }
  const id = ids.get(wanted);
  if (id === undefined) {
    throw new BadTokenizer(
      `${what} is ${JSON.stringify(wanted)} in the configuration, which ${file} does not have`,
    );
  }
  return id;
}
