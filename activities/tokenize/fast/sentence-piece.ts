import type { Bpe } from './bpe.ts';
import type { Cut } from './cut.ts';
import type { Refusal } from './refusal.ts';
import type { Spelling, SymbolsOf } from './spelling.ts';
import { wideAt, widthOf } from './utf8.ts';

/** The letter that stands for a space in such vocabularies. */
export const SPACE_LETTER = '\u2581';
const SPACE = 0x20;
/** What stands for every letter behind ASCII in the table of neighbours. */
const BEYOND = 0x80;
const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;

/**
 * How a vocabulary in SentencePiece's style spells words, where it cuts text, and bytes of text behind each id: a space is one byte. Text
 * is cut between any two letters that no merge has side by side, so that no merge reaches over a border; `split`: before every
 * space as well.
 */
export function sentencePieceSpelling(bpe: Bpe, split: boolean): (Spelling & { cut: Cut }) | Refusal {
  const { vocabulary } = bpe;
  if (bpe.ignoreMerges) return { reason: 'ignoreMerges', detail: 'ignore_merges is set' };
  const bytes = Array.from({ length: 256 }, (_, byte) => vocabulary.get(byteToken(byte)));
  if (!bpe.byteFallback || bytes.includes(undefined)) {
    return { reason: 'unknown', detail: 'there is no byte fallback for every byte' };
  }
  const space = vocabulary.get(SPACE_LETTER);
  if (space === undefined) return { reason: 'unknown', detail: `${SPACE_LETTER} has no token` };
  const byteIds = Int32Array.from(bytes, (id) => id ?? -1);
  const fallback = new Set(byteIds);
  const merged = bpe.merges.find(
    ({ left, right, result }) => fallback.has(left) || fallback.has(right) || fallback.has(result),
  );
  if (merged !== undefined) return { reason: 'byteTokens', detail: `merge ${JSON.stringify(merged)}` };

  const ascii = new Int32Array(256).fill(-1);
  const beyond = new Map<number, number>();
  for (const [token, id] of vocabulary) {
    const code = token.codePointAt(0) ?? 0;
    if (token.length !== (code > 0xffff ? 2 : 1)) continue;
    if (code < 128) ascii[code] = id;
    else beyond.set(code, id);
  }
  ascii[SPACE] = space;
  const symbolsOf: SymbolsOf = (text, from, end, symbols, to) => {
    let count = to;
    for (let at = from; at < end; ) {
      const byte = text[at] as number;
      const width = byte < 0x80 ? 1 : widthOf(byte);
      const id = byte < 0x80 ? (ascii[byte] as number) : (beyond.get(wideAt(text, at)) ?? -1);
      if (id >= 0) symbols[count++] = id;
      else for (let i = 0; i < width; i++) symbols[count++] = byteIds[text[at + i] as number] as number;
      at += width;
    }
    return count - to;
  };
  const lengths = new Map(
    [...vocabulary].map(([token, id]) => [
      id,
      fallback.has(id) ? 1 : Buffer.byteLength(token.replaceAll(SPACE_LETTER, ' ')),
    ]),
  );
  return {
    merges: bpe.merges,
    byteIds: ascii,
    symbolsOf,
    lengths,
    cut: { by: 'neighbours', neighbours: neighboursOf(bpe.results, split) },
  };
}

/** For two letters (all beyond ASCII are one) whether some merge has them side by side: index `first << 8 | second`. */
function neighboursOf(results: readonly string[], split: boolean): Uint8Array {
  const neighbours = new Uint8Array((BEYOND + 1) << 8);
  for (const result of results) {
    let before = -1;
    for (const letter of result) {
      const code = letter.codePointAt(0) ?? 0;
      const each = letter === SPACE_LETTER ? SPACE : Math.min(code, BEYOND);
      if (before >= 0) neighbours[(before << 8) | each] = 1;
      before = each;
    }
  }
  if (split) for (let before = 0; before <= BEYOND; before++) neighbours[(before << 8) | SPACE] = 0;
  return neighbours;
}
