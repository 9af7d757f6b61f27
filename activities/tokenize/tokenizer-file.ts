import { readFile } from 'node:fs/promises';
import { type Encoding, Tokenizer } from 'tokenizers';
import { BadTokenizer } from '../../lake/errors.ts';
import { sha256 } from '../../lake/hash.ts';
import type { AddedTokenJson, TokenizerJson } from './fast/file.ts';

/** A `tokenizer.json` of Hugging Face's format, as far as it is looked into here. */
export interface TokenizerFile {
  file: string;
  /** SHA-256 of the file. */
  sha256: string;
  json: TokenizerJson;
  /** With the ids that the library gives them. */
  added: readonly AddedTokenJson[];
  /** Id of each token, added ones included. */
  ids: ReadonlyMap<string, number>;
  /** The token for what the vocabulary cannot spell, where there is one. */
  unknown: number | undefined;
  /** The library's tokenizer of it, without truncation and padding: text may spell special tokens. */
  whole: Tokenizer;
  /** The same without the special tokens that text may spell. */
  withoutSpecials(): WithoutSpecials;
}
export interface WithoutSpecials {
  tokenizer: Tokenizer;
  /** The ids of an encoding as the whole file has them: the library numbers added tokens anew when others are left out. */
  idsOf(encoding: Encoding): Uint32Array;
}

/** Reads a tokenizer's file. Throws BadTokenizer. */
export async function readTokenizerFile(file: string): Promise<TokenizerFile> {
  return tokenizerFile(file, await readTokenizerBytes(file));
}

/** The bytes of a tokenizer's file. Throws BadTokenizer. */
export function readTokenizerBytes(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw new BadTokenizer(
      `the tokenizer file ${file} cannot be read; check its path in the configuration`,
      {},
      { cause },
    );
  });
}

/** A tokenizer by the bytes of its file; `file` is what messages call it. Throws BadTokenizer. */
export function tokenizerFile(file: string, bytes: Uint8Array): TokenizerFile {
  const json = parse(file, bytes);
  const vocabulary = idsOf(json.model?.vocab);
  if (vocabulary.length + (json.added_tokens?.length ?? 0) === 0) {
    throw new BadTokenizer(`the tokenizer file ${file} has no vocabulary`);
  }
  const listed = json.added_tokens ?? [];
  const whole = load(file, json, listed);
  // What the file says of an added token's id is not what the library goes by.
  const added = listed.map((token) => ({ ...token, id: whole.tokenToId(token.content) ?? token.id }));
  const ids = new Map([...vocabulary, ...added.map((token) => [token.content, token.id] as const)]);
  return {
    ...{ file, sha256: sha256(bytes), json, added, ids, whole },
    unknown: json.model?.unk_id ?? ids.get(json.model?.unk_token ?? ''),
    withoutSpecials() {
      const ordinary = added.filter((token) => token.special !== true);
      const tokenizer = load(file, json, ordinary);
      const renumbered = new Map<number, number>();
      for (const { content, id } of ordinary) {
        const given = tokenizer.tokenToId(content);
        if (given !== null && given !== id) renumbered.set(given, id);
      }
      const right = (id: number): number => renumbered.get(id) ?? id;
      return {
        tokenizer,
        idsOf(encoding) {
          const given = Uint32Array.from(encoding.getIds());
          return renumbered.size === 0 ? given : given.map(right);
        },
      };
    },
  };
}

function parse(file: string, bytes: Uint8Array): TokenizerJson {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as TokenizerJson;
  } catch (cause) {
    throw new BadTokenizer(`the tokenizer file ${file} is not JSON`, {}, { cause });
  }
}

function load(file: string, json: TokenizerJson, added_tokens: readonly AddedTokenJson[]): Tokenizer {
  // Without special tokens to add, all that is left for a post-processor is to move offsets. Dropout is for training: it would
  // give other ids each time.
  const model = json.model?.dropout ? { ...json.model, dropout: null } : json.model;
  const plain = { ...json, model, truncation: null, padding: null, post_processor: null, added_tokens };
  try {
    return Tokenizer.fromString(JSON.stringify(plain));
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
