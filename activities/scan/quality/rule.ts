import { type Lines, splitLines } from './lines.ts';
import { splitWords, type Words } from './words.ts';

/** A text and what rules look at of it: each is found once, when it is first asked for. */
export interface ReadText {
  readonly text: string;
  readonly words: Words;
  readonly lines: Lines;
}

/** What a rule has against a text. */
export interface Finding {
  /** Which of its thresholds was passed; the empty string where it has one alone. */
  threshold: string;
  detail: string;
}
export type Rule = (text: ReadText) => Finding | undefined;

export function readText(text: string): ReadText {
  let words: Words | undefined;
  let lines: Lines | undefined;
  return {
    text,
    get words() {
      words ??= splitWords(text);
      return words;
    },
    get lines() {
      lines ??= splitLines(text);
      return lines;
    },
  };
}

/** A number for people: three places after the point at most. */
export const figure = (value: number): string => String(Math.round(value * 1000) / 1000);

/** A part of a whole; of nothing, 0. */
export const part = (some: number, all: number): number => (all === 0 ? 0 : some / all);
