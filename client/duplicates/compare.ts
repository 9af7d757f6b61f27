import { sentenceEnd } from '../../activities/synthesize/parts-sentence.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import { ALONE, wordClasses } from '../../lake/unicode/tables.ts';
import { align } from './align.ts';

/** A sentence of each side, or of one; `marked`: what differs stands in `[-…-]` and `{+…+}`, as in `git diff --word-diff`. */
export type Line =
  | { kind: 'same'; left: string; right: string }
  | { kind: 'changed'; left: string; right: string }
  | { kind: 'left'; left: string }
  | { kind: 'right'; right: string };

/** Sentences with fewer words in common (Dice) do not stand side by side. */
const LIKE = 0.4;

/** Two texts, sentence by sentence; white space and capitals make no difference, as in dedupe. */
export function compareTexts(left: string, right: string): Line[] {
  const [a, b] = [sentencesOf(left), sentencesOf(right)];
  const [foldedA, foldedB] = [a.map(normaliseForDedupe), b.map(normaliseForDedupe)];
  const [wordsA, wordsB] = [foldedA, foldedB].map((side) =>
    side.map((sentence) => new Set(wordsOf(sentence))),
  ) as [Set<string>[], Set<string>[]];
  const likeness = (i: number, j: number): number => {
    // Whole sentences first: two that are alike are worth less than one that is the same.
    if (foldedA[i] === foldedB[j]) return 1;
    const like = dice(wordsA[i] as Set<string>, wordsB[j] as Set<string>);
    return like < LIKE ? 0 : like / 2;
  };
  return align(a.length, b.length, likeness).map(([i, j]): Line => {
    if (j === undefined) return { kind: 'left', left: a[i as number] as string };
    if (i === undefined) return { kind: 'right', right: b[j] as string };
    const [one, other] = [a[i] as string, b[j] as string];
    return foldedA[i] === foldedB[j]
      ? { kind: 'same', left: one, right: other }
      : { kind: 'changed', ...markWords(one, other) };
  });
}

/** Sentences and lines, white space folded; blank ones left out. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (let start = 0; start < text.length; ) {
    const end = Math.max(sentenceEnd(text, start), start + 1);
    const sentence = text.slice(start, end).replace(/\s+/g, ' ').trim();
    if (sentence !== '') sentences.push(sentence);
    start = end;
  }
  return sentences;
}

/** What stands between spaces; a character of a script without spaces stands by itself. */
export function wordsOf(sentence: string): string[] {
  const words: string[] = [];
  for (const piece of sentence.split(' ')) {
    let word = '';
    for (const character of piece) {
      const alone = wordClasses[character.codePointAt(0) as number] === ALONE;
      if (alone && word !== '') words.push(word);
      if (alone) words.push(character);
      word = alone ? '' : word + character;
    }
    if (word !== '') words.push(word);
  }
  return words;
}

function dice(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  return (2 * common) / Math.max(a.size + b.size, 1);
}

/** Two sentences with the words that differ in marks, those that follow each other in one. */
function markWords(left: string, right: string): { left: string; right: string } {
  const [a, b] = [wordsOf(left), wordsOf(right)];
  const [foldedA, foldedB] = [a.map(normaliseForDedupe), b.map(normaliseForDedupe)];
  const steps = align(a.length, b.length, (i, j) => (foldedA[i] === foldedB[j] ? 1 : 0));
  const sameA = new Set(steps.flatMap(([i, j]) => (i !== undefined && j !== undefined ? [i] : [])));
  const sameB = new Set(steps.flatMap(([i, j]) => (i !== undefined && j !== undefined ? [j] : [])));
  return { left: marked(left, a, sameA, '[-', '-]'), right: marked(right, b, sameB, '{+', '+}') };
}

function marked(
  sentence: string,
  words: readonly string[],
  same: ReadonlySet<number>,
  open: string,
  close: string,
): string {
  let text = '';
  let at = 0;
  for (const [i, word] of words.entries()) {
    const start = sentence.indexOf(word, at);
    const opens = !same.has(i) && (i === 0 || same.has(i - 1));
    const closes = !same.has(i) && (i === words.length - 1 || same.has(i + 1));
    text += `${sentence.slice(at, start)}${opens ? open : ''}${word}${closes ? close : ''}`;
    at = start + word.length;
  }
  return text;
}
