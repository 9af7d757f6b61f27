import type { RandomStream } from '../../lake/random.ts';
import type { Counter, Pattern } from './pattern.ts';

/** How the options of a chain are shown. */
export interface OptionStyle {
  /** A line above them; may be empty. */
  start: string;
  marker: Pattern;
  between: string;
}

/** Options in one text, and what to write as the answer: the marker alone where markers count, else the answer's text. */
export interface ShownOptions {
  text: string;
  answer: string;
}

/** Shows options in a shuffled order. `correct` is the index of the answer before shuffling. */
export function showOptions(
  options: readonly string[],
  correct: number,
  answer: string,
  style: OptionStyle,
  stream: RandomStream,
): ShownOptions {
  const order = shuffled(options.length, stream);
  const lines = order.map((original, i) => `${markerAt(style.marker, i)} ${options[original]}`);
  const start = style.start === '' ? '' : `${style.start}\n`;
  const counted = style.marker.some((part) => typeof part !== 'string');
  return {
    text: start + lines.join(style.between),
    answer: counted ? markerAt(style.marker, order.indexOf(correct)) : answer,
  };
}

/** The numbers below n in a random order (Fisher and Yates, as in Durstenfeld 1964). */
function shuffled(n: number, stream: RandomStream): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = stream.below(i + 1);
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function markerAt(marker: Pattern, i: number): string {
  return marker.map((part) => (typeof part === 'string' ? part : count(part.name as Counter, i))).join('');
}

/** The counter of the option at place i, from 0: a, b … z, aa, ab …; 1, 2 …; i, ii …. */
function count(counter: Counter, i: number): string {
  switch (counter) {
    case 'lower':
      return letters(i, 97);
    case 'upper':
      return letters(i, 65);
    case 'number':
      return String(i + 1);
    case 'lower-roman':
      return roman(i + 1, ROMAN_LOWER);
    case 'upper-roman':
      return roman(i + 1, ROMAN_UPPER);
  }
}

function letters(i: number, first: number): string {
  const rest = Math.floor(i / 26);
  return (rest === 0 ? '' : letters(rest - 1, first)) + String.fromCharCode(first + (i % 26));
}

type Numerals = readonly (readonly [value: number, text: string])[];
const ROMAN_LOWER: Numerals = [
  [1000, 'm'],
  [900, 'cm'],
  [500, 'd'],
  [400, 'cd'],
  [100, 'c'],
  [90, 'xc'],
  [50, 'l'],
  [40, 'xl'],
  [10, 'x'],
  [9, 'ix'],
  [5, 'v'],
  [4, 'iv'],
  [1, 'i'],
];
const ROMAN_UPPER: Numerals = ROMAN_LOWER.map(([value, text]) => [value, text.toUpperCase()] as const);

function roman(n: number, numerals: Numerals): string {
  let text = '';
  let left = n;
  for (const [value, numeral] of numerals) {
    for (; left >= value; left -= value) text += numeral;
  }
  return text;
}
