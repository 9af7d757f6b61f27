import type { Pair } from '../../workflows/contract.ts';
import { placeOf, type Verdict, verdictOf } from './balance.ts';
import { languagePart } from './language.ts';
import { openingOf } from './openings.ts';
import { type Context, copiedPart, groundedPart } from './overlap.ts';
import { wordsOf } from './words.ts';

/** What is measured of a pair. A part is from 0 to 1; null: it means nothing for this pair, and no filter drops it by that. */
export interface Measures {
  /** Part of the words of answer and rationale that stand in the context. None of a verdict such as "Yes". */
  grounding: number | null;
  /** Part of the answer's (and rationale's) runs of five words that are copied from the context. */
  copy: number | null;
  /** The same of the question. */
  questionInContext: number | null;
  /** How well the pair reads as the text's language, 1 best. Null of little text. */
  language: number | null;
  /** Words. */
  questionLength: number;
  answerLength: number;
  verdict: Verdict | null;
  /** `2/4`: the answer is the second of four options. */
  place: string | null;
  /** The question's first two words, folded. */
  opening: string;
}

/** Measures a pair against the text it is about. */
export function measure(pair: Pair, context: Context): Measures {
  const question = wordsOf(pair.question);
  const answer = wordsOf(pair.answer);
  const verdict = verdictOf(answer);
  const rationale = pair.rationale === undefined ? [] : wordsOf(pair.rationale);
  // A verdict stands in no context; what was thought to come to it does.
  const said = verdict === null ? [...rationale, ...answer] : rationale;
  return {
    grounding: groundedPart(said, context),
    copy: copiedPart(said, context),
    questionInContext: copiedPart(question, context),
    language: languagePart([pair.question, pair.rationale ?? '', pair.answer].join(' '), context.language),
    questionLength: question.length,
    answerLength: answer.length,
    verdict,
    place: placeOf(pair),
    opening: openingOf(question),
  };
}
