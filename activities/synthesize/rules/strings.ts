import type { RandomStream } from '../../../lake/random.ts';
import { SMALL } from './words.ts';

/** White space folded to single blanks. Pairs quote this form of a text. */
export function fold(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** ASCII letters in lower case; others as they are. */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The words of a folded string. */
export function wordsOf(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}

/** A word without the punctuation around it, in lower case. */
export function bare(word: string): string {
  return lower(word.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, ''));
}

/** Endings that names seldom have. */
const COMMON_ENDING =
  /(?:ic|al|ive|ous|ary|ory|ed|ing|tions?|ity|ities|ments?|ness|able|ible|ants?|ents?|ers|ors|ists|ages?)$/;

/** The same text with a small first letter where the first word is no name: it is in the table, ends as no name does, or stands small elsewhere. */
export function lowerFirst(text: string, smallWords: ReadonlySet<string>): string {
  const first = /^[A-Z][a-z]*(?=[ ,'-]|$)/.exec(text)?.[0];
  if (first === undefined) return text;
  const small = lower(first);
  const rest = text.slice(first.length);
  // Names that end in s stand before "syndrome" or "disease", not before prepositions.
  const plural = /[^s]s$/.test(small) && (rest === '' || /^ (?:of|in|with|for|from|to|on) /.test(rest));
  return SMALL.has(small) || smallWords.has(small) || COMMON_ENDING.test(small) || plural
    ? small + text.slice(first.length)
    : text;
}

export function upperFirst(text: string): string {
  return /^[a-z]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** A sentence without its closing sign. */
export function withoutStop(sentence: string): string {
  return sentence.replace(/[.!?]+$/, '');
}

/** The items in an order drawn from the stream. */
export function shuffled<T>(items: readonly T[], stream: RandomStream): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    const [a, b] = [order[i], order[j]];
    if (a !== undefined && b !== undefined) [order[i], order[j]] = [b, a];
  }
  return order;
}
