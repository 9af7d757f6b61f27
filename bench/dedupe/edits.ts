import { openStream } from '../../lake/random.ts';
import type { Text } from '../texts.ts';

/** Of each copy of the corpus, how likely a word is replaced; the first is the corpus itself. */
export const RATES: readonly number[] = [0, 0.005, 0.01, 0.02, 0.04];

/** The corpus once for each rate, all texts in their order, words replaced by others of the same text. */
export function editedCopies(texts: readonly Text[]): Text[][] {
  return RATES.map((rate, copy) =>
    texts.map(({ id, text }) => ({ id: `${id}/${copy}`, text: rate === 0 ? text : edited(text, id, rate) })),
  );
}

/** Words are what stands between white space, which stays as it is. */
function edited(text: string, id: string, rate: number): string {
  const draw = openStream('bench', `dedupe/edit/${rate}`, id);
  const pieces = text.split(/(\s+)/);
  const words = pieces.filter((piece, i) => i % 2 === 0 && piece !== '');
  return pieces
    .map((piece, i) => (i % 2 === 0 && piece !== '' && draw.unit() < rate ? draw.pick(words) : piece))
    .join('');
}
