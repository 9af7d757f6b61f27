import { readFile } from 'node:fs/promises';
import { Tokenizer } from 'tokenizers';
import { BadTokenizer } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';

export interface AddedToken {
  id: number;
  content: string;
  special?: boolean;
}

/** A `tokenizer.json` of Hugging Face's format, as far as it is looked into here. */
export interface TokenizerFile {
  file: string;
  /** SHA-256 of the file. */
  sha256: string;
  added: readonly AddedToken[];
  /** Id of each token, added ones included. */
  ids: ReadonlyMap<string, number>;
  /** The token for what the vocabulary cannot spell, where there is one. */
  unknown: number | undefined;
  /** Opens it, without truncation and padding, with or without the special tokens that text may spell. */
  load(options: { specials: boolean }): Tokenizer;
}

interface Parsed {
  added_tokens?: AddedToken[] | null;
  model?: { vocab?: unknown; unk_token?: string | null; unk_id?: number | null };
}

/** Reads a tokenizer's file. Throws BadTokenizer. */
export async function readTokenizerFile(file: string): Promise<TokenizerFile> {
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
  return {
    file,
    sha256: sha256(bytes),
    added,
    ids,
    unknown: parsed.model?.unk_id ?? ids.get(parsed.model?.unk_token ?? ''),
    load({ specials }) {
      const added_tokens = specials ? added : added.filter((token) => token.special !== true);
      // Without special tokens to add, all that is left for a post-processor is to move offsets.
      const plain = { ...parsed, truncation: null, padding: null, post_processor: null, added_tokens };
      return load(file, JSON.stringify(plain));
    },
  };
}

function parse(file: string, bytes: Uint8Array): Parsed {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Parsed;
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

/** What a token takes in an encoding, about: its text, offsets, type and masks, all of it outside V8's heap. */
const ENCODED_BYTES = 128;

/**
 * Tells V8 of the memory behind encodings of so many tokens. They are freed when it collects the small objects before
 * them, and it does not know how large they are (measured: 790 MB after 64 MB of text, 350 MB with this). An untouched
 * buffer of that size counts as such, and takes no memory.
 */
export function tellCollector(tokens: number): void {
  void new ArrayBuffer(tokens * ENCODED_BYTES);
}
