import type { PairKind } from '../../workflows/contract.ts';

/** What stands for data in a pattern: the fields of a pair, a speaker's turns, or the counter of an option marker. */
export const COUNTERS = ['lower', 'upper', 'number', 'lower-roman', 'upper-roman'] as const;
export type Counter = (typeof COUNTERS)[number];
export type Placeholder =
  | 'context'
  | 'question'
  | 'options'
  | 'rationale'
  | 'answer'
  | 'ask'
  | 'reply'
  | Counter;

/** A literal, or the place of a value: of the example, or of one of its pairs by its number. */
export type Part = string | { readonly name: string; readonly pair?: number };
export type Pattern = readonly Part[];
export type PatternsByKind = Record<PairKind, Pattern>;

const PLACEHOLDER = /\{([a-z][a-z-]*)\}/g;

/** The names in braces in a text, in order, repetitions included. */
export function namesIn(text: string): string[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => match[1] as string);
}

/** Replaces the names that `values` has; the others stay as they are. */
export function bind(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(values, name) ? (values[name] as string) : whole,
  );
}

/** Cuts a text at its placeholders. Braces around anything that is not a name stay literal. */
export function parsePattern(text: string): Pattern {
  const parts: Part[] = [];
  let at = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    if (match.index > at) parts.push(text.slice(at, match.index));
    parts.push({ name: match[1] as string });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** Puts patterns in the places of placeholders; the others stay as they are. */
export function fill(pattern: Pattern, by: Readonly<Partial<Record<Placeholder, Pattern>>>): Pattern {
  return pattern.flatMap((part) =>
    typeof part === 'string' ? [part] : (by[part.name as Placeholder] ?? [part]),
  );
}

/** The same pattern for pair number `pair` of an example. */
export const forPair = (pattern: Pattern, pair: number): Pattern =>
  pattern.map((part) => (typeof part === 'string' ? part : { ...part, pair }));
