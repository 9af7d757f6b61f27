import { BadTokenizer } from '../../lake/errors.ts';
import type { TokenizerSettings } from '../settings.ts';
import { readTokenizerFile, type TokenizerFile, tellCollector } from './tokenizer-file.ts';

/** The tokens of a text. `ends`: where each ends, in bytes of the text's UTF-8; a part of a letter ends within or behind it. */
export interface Encoded {
  ids: Uint32Array;
  ends: Uint32Array;
}

/** Text → ids exactly as Hugging Face's `encode(add_special_tokens=false)` with special tokens in text disabled. */
export interface TextTokenizer {
  /** SHA-256 of the file. */
  sha256: string;
  /** Highest id, added tokens included. */
  highestId: number;
  bos: number | undefined;
  eos: number;
  encodeBatch(texts: string[]): Promise<Encoded[]>;
  decode(ids: ArrayLike<number>): Promise<string>;
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
      const encoded = encodings.map((encoding, i) => ({
        ids: Uint32Array.from(encoding.getIds()),
        ends: byteEnds(texts[i] as string, encoding.getOffsets()),
      }));
      tellCollector(encoded.reduce((sum, { ids }) => sum + ids.length, 0));
      return encoded;
    },
    decode: (tokens) => whole.decode(Array.from(tokens), false),
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

/** Offsets in letters (code points), as the library tells them, → ends in bytes; never less than the one before. */
function byteEnds(text: string, offsets: readonly (readonly number[])[]): Uint32Array {
  const ends = new Uint32Array(offsets.length);
  let letters = 0;
  let units = 0;
  let bytes = 0;
  for (const [i, [, end = 0]] of offsets.entries()) {
    for (; letters < end && units < text.length; letters++) {
      const letter = text.codePointAt(units) ?? 0;
      units += letter > 0xffff ? 2 : 1;
      bytes += letter < 0x80 ? 1 : letter < 0x800 ? 2 : letter > 0xffff ? 4 : 3;
    }
    ends[i] = bytes;
  }
  return ends;
}
