import { BadTokenizer } from '../../lake/errors.ts';
import type { TokenizerSettings } from '../settings.ts';
import { readTokenizerFile, type TokenizerFile, tellCollector } from './tokenizer-file.ts';

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

/**
 * Opens a `tokenizer.json`. Special added tokens are taken out before loading, so that text which spells one is
 * tokenized as text; BOS and EOS are put in by id. Saved truncation and padding are switched off. Throws BadTokenizer.
 */
export async function openTokenizer(settings: TokenizerSettings): Promise<TextTokenizer> {
  const file = await readTokenizerFile(settings.file);
  const tokenizer = file.load({ specials: false });
  const whole = file.load({ specials: true });
  return {
    sha256: file.sha256,
    highestId: [...file.ids.values()].reduce((highest, id) => Math.max(highest, id), 0),
    bos: settings.bos === 'none' ? undefined : idOf(file, 'bos', settings.bos),
    eos: idOf(file, 'eos', settings.eos),
    async encodeBatch(texts) {
      const encodings = await tokenizer.encodeBatch(texts, { addSpecialTokens: false });
      const ids = encodings.map((encoding) => encoding.getIds());
      tellCollector(ids.reduce((sum, each) => sum + each.length, 0));
      return ids;
    },
    decode: (tokens) => whole.decode(tokens, false),
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
