import type { Bpe } from './bpe.ts';
import { BYTE_LETTERS } from './byte-letters.ts';
import { openMerges } from './merges.ts';
import type { Refusal } from './refusal.ts';
import type { Spell } from './words.ts';

/** Bytes that valid UTF-8 never has. */
const isNever = (byte: number): boolean => byte === 0xc0 || byte === 0xc1 || byte > 0xf4;

/** How a byte-level vocabulary spells a pre-token, and bytes behind each id. */
export function byteLevelSpelling(bpe: Bpe): { spell: Spell; lengths: Map<number, number> } | Refusal {
  const { vocabulary, ignoreMerges } = bpe;
  const missing = BYTE_LETTERS.findIndex((letter, byte) => !isNever(byte) && !vocabulary.has(letter));
  if (missing >= 0) {
    return { reason: 'unknown', detail: `byte 0x${missing.toString(16).padStart(2, '0')} has no token` };
  }
  const byteIds = Int32Array.from(BYTE_LETTERS, (letter) => vocabulary.get(letter) ?? -1);
  const apply = openMerges(bpe.merges);
  const spellByMerges: Spell = (bytes, from, end, symbols) => {
    for (let at = from; at < end; at++) symbols[at - from] = byteIds[bytes[at] as number] as number;
    return apply(symbols, end - from);
  };
  const lengths = new Map([...vocabulary].map(([token, id]) => [id, token.length]));
  if (!ignoreMerges) return { spell: spellByMerges, lengths };
  const longest = [...vocabulary.keys()].reduce((most, { length }) => Math.max(most, length), 0);
  const spell: Spell = (bytes, from, end, symbols) => {
    if (end - from <= longest) {
      let word = '';
      for (let at = from; at < end; at++) word += BYTE_LETTERS[bytes[at] as number];
      const id = vocabulary.get(word);
      if (id !== undefined) {
        symbols[0] = id;
        return 1;
      }
    }
    return spellByMerges(bytes, from, end, symbols);
  };
  return { spell, lengths };
}
