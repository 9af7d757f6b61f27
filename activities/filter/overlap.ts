import { languageOf } from './language.ts';
import { wordsOf } from './words.ts';

/** Words of a run that is looked for; a text with fewer has no copy rate. */
const RUN = 5;

/** The text that pairs are held against, its words ready for many of them. */
export interface Context {
  words: ReadonlySet<string>;
  /** All of them in order, a space before and behind each: no word has one in it, so runs of words are substrings. */
  joined: string;
  /** ISO 639-3; null where it is not known. */
  language: string | null;
}

export function contextOf(text: string): Context {
  const words = wordsOf(text);
  return { words: new Set(words), joined: ` ${words.join(' ')} `, language: languageOf(text) };
}

/** Part of the words, 0 to 1, that stand in the context; null where there are none. */
export function groundedPart(words: readonly string[], context: Context): number | null {
  if (words.length === 0) return null;
  return words.filter((word) => context.words.has(word)).length / words.length;
}

/** Part of the runs of five words, 0 to 1, that stand in the context as they are; null where there are fewer words. */
export function copiedPart(words: readonly string[], context: Context): number | null {
  const runs = words.length - RUN + 1;
  if (runs < 1) return null;
  let copied = 0;
  for (let i = 0; i < runs; i++) {
    if (context.joined.includes(` ${words.slice(i, i + RUN).join(' ')} `)) copied++;
  }
  return copied / runs;
}
