import { tellCollector, type WithoutSpecials } from './tokenizer-file.ts';

/** The tokens of a text. `ends`: where each ends, in bytes of the text's UTF-8, none before the one in front of it; a part of a letter ends within or behind it. */
export interface Encoded {
  ids: Uint32Array;
  ends: Uint32Array;
  /** Whether the library made them, and not our own code. */
  slow?: true;
}

/** Tokenizes by the library: for every tokenizer and every text, and slow. */
export function openSlow({
  tokenizer,
  idsOf,
}: WithoutSpecials): (texts: readonly string[]) => Promise<Encoded[]> {
  return async (texts) => {
    const encodings = await tokenizer.encodeBatch([...texts], { addSpecialTokens: false });
    const encoded = encodings.map((encoding, i): Encoded => {
      const ends = byteEnds(texts[i] as string, encoding.getOffsets());
      return { ids: idsOf(encoding), ends, slow: true };
    });
    tellCollector(encoded.reduce((sum, { ids }) => sum + ids.length, 0));
    return encoded;
  };
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
