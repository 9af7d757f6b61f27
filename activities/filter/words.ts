import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import { ALONE, IN_WORD, wordClasses } from '../../lake/unicode/tables.ts';

/**
 * The words of a text as the measures compare them: folded as for dedupe (NFKC, lower case, by our tables), letters, marks
 * and numbers that stand together; a character of a script written without spaces is a word by itself.
 */
export function wordsOf(text: string): string[] {
  const folded = normaliseForDedupe(text);
  const words: string[] = [];
  let start = -1;
  for (let i = 0; i < folded.length; ) {
    const code = folded.codePointAt(i) as number;
    const end = i + (code > 0xffff ? 2 : 1);
    const kind = wordClasses[code];
    if (kind === IN_WORD) {
      if (start < 0) start = i;
    } else {
      if (start >= 0) words.push(folded.slice(start, i));
      start = -1;
      if (kind === ALONE) words.push(folded.slice(i, end));
    }
    i = end;
  }
  if (start >= 0) words.push(folded.slice(start));
  return words;
}
