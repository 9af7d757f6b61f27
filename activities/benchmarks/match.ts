import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import type { BenchmarkIndex } from './benchmark-index.ts';
import { gramsAt } from './gram-table.ts';
import { hashWords, joined } from './hashed-words.ts';

/** A value of an evaluation set whose words stand in a text. */
export interface Match {
  /** Its number in the index. */
  value: number;
  /** How many of its different grams stand there. */
  grams: number;
  /** The first words of the text that are its, folded. */
  words: string;
}

/** UTF-16 units of the words of a match at most: a word may be a megabyte. */
const EXCERPT = 300;

/** The values whose words stand in a text, by number. A short question needs one of its answers anywhere in `answer`. */
export function matchesIn(index: BenchmarkIndex, text: string, answer: string = text): Match[] {
  const words = hashWords(normaliseForDedupe(text));
  const matches = new Map<number, Match>();
  const seen = new Set<number>();
  let at = 0;
  let table = index.grams;
  let prefix = 0;
  function found(row: number, n: number): void {
    const value = table.values[row] as number;
    const match = matches.get(value);
    if (match === undefined) {
      matches.set(value, { value, grams: 1, words: joined(words, at, at + n).slice(0, EXCERPT) });
    } else if (!seen.has(prefix + row)) {
      match.grams++;
    }
    seen.add(prefix + row);
  }
  for (table of [index.grams, index.short]) {
    if (table.lengths !== 0) for (at = 0; at < words.count; at++) gramsAt(table, words, at, found);
    prefix += table.values.length;
  }
  let beside: string | undefined;
  for (const value of matches.keys()) {
    const answers = index.answers.get(value);
    if (answers === undefined) continue;
    beside ??= spaced(answer);
    if (!answers.some((each) => beside?.includes(` ${each} `))) matches.delete(value);
  }
  return [...matches.values()].sort((a, b) => a.value - b.value);
}

/** The words of a text, a space before and behind each. */
function spaced(text: string): string {
  const words = hashWords(normaliseForDedupe(text));
  return ` ${joined(words, 0, words.count)} `;
}
