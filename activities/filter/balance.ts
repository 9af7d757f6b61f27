import type { Pair } from '../../workflows/contract.ts';

/** Answers of one word that judge a statement, in English: they stand in no context, and can be told against each other. */
export const VERDICTS = ['yes', 'no', 'maybe', 'true', 'false'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The verdict that an answer's words are; null where they say anything else. */
export function verdictOf(words: readonly string[]): Verdict | null {
  if (words.length !== 1) return null;
  return VERDICTS.find((verdict) => verdict === words[0]) ?? null;
}

/** Where the answer stands among the options: `2/4` is the second of four; null where there are none. */
export function placeOf({ options, answer }: Pair): string | null {
  if (options === undefined) return null;
  const at = options.indexOf(answer);
  return at < 0 ? null : `${at + 1}/${options.length}`;
}
