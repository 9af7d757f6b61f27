import type { Bpe } from './bpe.ts';
import { BYTE_LETTERS } from './byte-letters.ts';
import type { Refusal } from './refusal.ts';
import type { Spelling, SymbolsOf } from './spelling.ts';

/** Bytes that valid UTF-8 never has. */
const isNever = (byte: number): boolean => byte === 0xc0 || byte === 0xc1 || byte > 0xf4;

/** How a byte-level vocabulary spells a pre-token. */
export function byteLevelSpelling(bpe: Bpe): Spelling | Refusal {
  const { vocabulary, merges, ignoreMerges } = bpe;
  const missing = BYTE_LETTERS.findIndex((letter, byte) => !isNever(byte) && !vocabulary.has(letter));
  if (missing >= 0) {
    return { reason: 'unknown', detail: `byte 0x${missing.toString(16).padStart(2, '0')} has no token` };
  }
  const byteIds = Int32Array.from(BYTE_LETTERS, (letter) => vocabulary.get(letter) ?? -1);
  const lengths = new Map([...vocabulary].map(([token, id]) => [id, token.length]));
  const longest = [...vocabulary.keys()].reduce((most, { length }) => Math.max(most, length), 0);
  /** A word that the vocabulary has as a whole is one symbol. */
  const symbolsOf: SymbolsOf = (bytes, from, end, symbols, to) => {
    if (end - from <= longest) {
      let word = '';
      for (let at = from; at < end; at++) word += BYTE_LETTERS[bytes[at] as number];
      const id = vocabulary.get(word);
      if (id !== undefined) {
        symbols[to] = id;
        return 1;
      }
    }
    for (let at = from; at < end; at++) symbols[to + at - from] = byteIds[bytes[at] as number] as number;
    return end - from;
  };
  return { merges, byteIds: ignoreMerges ? new Int32Array(256).fill(-1) : byteIds, symbolsOf, lengths };
}
