import { BadTokenizer } from '../../lake/errors.ts';
import type { TokenizerSettings } from '../settings.ts';
import { openFast } from './fast/fast.ts';
import { readModel } from './fast/model.ts';
import { isRefusal, type Refusal } from './fast/refusal.ts';
import { type Encoded, openSlow } from './slow.ts';
import { readTokenizerFile, type TokenizerFile } from './tokenizer-file.ts';

/** Text → ids exactly as Hugging Face's `encode(add_special_tokens=false)` with special tokens in text disabled. */
export interface TextTokenizer {
  /** SHA-256 of the file. */
  sha256: string;
  /** Highest id, added tokens included. */
  highestId: number;
  bos: number | undefined;
  eos: number;
  /** Why all of it is left to the library; undefined where our own code is known to give the same ids, and is faster. */
  refusal: Refusal | undefined;
  encodeBatch(texts: readonly string[]): Promise<Encoded[]>;
  decode(ids: ArrayLike<number>): Promise<string>;
}

/**
 * Opens a `tokenizer.json`. Special added tokens are taken out before loading, so that text which spells one is
 * tokenized as text; BOS and EOS are put in by id. Saved truncation and padding are switched off. Throws BadTokenizer.
 */
export async function openTokenizer(settings: TokenizerSettings): Promise<TextTokenizer> {
  return textTokenizer(await readTokenizerFile(settings.file), settings);
}

/** The same of a file that is read already; `bos` and `eos` by their ids or their spelling. Throws BadTokenizer. */
export function textTokenizer(
  file: TokenizerFile,
  settings: Pick<TokenizerSettings, 'bos' | 'eos'>,
): TextTokenizer {
  const slow = openSlow(file.withoutSpecials());
  const model = readModel({ ...file.json, added_tokens: [...file.added] });
  const refusal = isRefusal(model) ? model : undefined;
  const fast = isRefusal(model) ? undefined : openFast(model);
  return {
    sha256: file.sha256,
    highestId: [...file.ids.values()].reduce((highest, id) => Math.max(highest, id), 0),
    bos: settings.bos === 'none' ? undefined : idOf(file, 'bos', settings.bos),
    eos: idOf(file, 'eos', settings.eos),
    refusal,
    async encodeBatch(texts) {
      if (fast === undefined) return slow(texts);
      const encoded = fast(texts);
      const left = texts.filter((_, i) => encoded[i] === null);
      if (left.length === 0) return encoded as Encoded[];
      const rest = (await slow(left)).values();
      return encoded.map((each) => each ?? (rest.next().value as Encoded));
    },
    decode: (tokens) => file.whole.decode(Array.from(tokens), false),
  };
}

function idOf({ file, ids }: TokenizerFile, what: string, wanted: string | number): number {
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
