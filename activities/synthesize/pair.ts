import type { Pair } from '../../workflows/contract.ts';

/**
 * Why a piece of an answer is not a pair. `incomplete`: cut off before its end. `afterEnd`: the model went on into a round
 * of its own. `noAnswer`, `severalAnswers`: not exactly one answer mark. `cotMismatch`: one of the two signs of a chain of
 * thought without the other, or no thought in it. `badOptions`: fewer than two, empty, or twice the same. `unreadable`: no
 * JSON where JSON was asked for, or without the fields of a pair.
 */
export type DropReason =
  | 'incomplete'
  | 'afterEnd'
  | 'noAnswer'
  | 'severalAnswers'
  | 'noQuestionMark'
  | 'emptyQuestion'
  | 'emptyAnswer'
  | 'repeated'
  | 'leakedMarker'
  | 'cotMismatch'
  | 'badOptions'
  | 'answerNotAmongOptions'
  | 'unreadable';

export interface Drop {
  reason: DropReason;
  segment: string;
}

/** What an answer came to: every piece of it is a pair or a drop. */
export interface Parsed {
  pairs: Pair[];
  drops: Drop[];
}

/** The fields of a pair as a model wrote them. */
export interface PairFields {
  question: string;
  answer: string;
  options?: readonly string[];
  rationale?: string;
}

/** A pair of what a model wrote, or why it is none. Its kind follows from the fields that are there. */
export function pairOf(fields: PairFields): Pair | DropReason {
  const question = fields.question.trim();
  const answer = fields.answer.trim();
  const rationale = fields.rationale?.trim().replace(/\.$/, '').trim();
  if (rationale === '') return 'cotMismatch';
  if (question === '') return 'emptyQuestion';
  if (answer === '') return 'emptyAnswer';
  const thought = rationale === undefined ? {} : { rationale };
  if (fields.options === undefined) {
    return { question, answer, kind: rationale === undefined ? 'plain' : 'cot', ...thought };
  }
  const options = fields.options.map((option) => option.trim());
  if (options.length < 2 || options.includes('')) return 'badOptions';
  if (new Set(options).size < options.length) return 'badOptions';
  if (!options.includes(answer)) return 'answerNotAmongOptions';
  return { question, answer, kind: rationale === undefined ? 'option' : 'option-cot', options, ...thought };
}

/** Gathers the pieces of one answer. Of questions that repeat in it, whatever their case, the first stays. */
export function gather(): Parsed & { add(made: Pair | DropReason, segment: string): void } {
  const seen = new Set<string>();
  const pairs: Pair[] = [];
  const drops: Drop[] = [];
  return {
    pairs,
    drops,
    add(made, segment) {
      if (typeof made === 'string') {
        drops.push({ reason: made, segment });
        return;
      }
      const key = questionKey(made);
      if (seen.has(key)) {
        drops.push({ reason: 'repeated', segment });
        return;
      }
      seen.add(key);
      pairs.push(made);
    },
  };
}

/** What makes two questions the same. Only ASCII letters are folded: case tables of other letters differ between engines. */
function questionKey(pair: Pair): string {
  return pair.question.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
