import type { Pair } from '../../../workflows/contract.ts';
import { hasMarker, MARK } from './markers.ts';

/**
 * Why a piece of a completion is not a pair. `incomplete`: cut off before its end mark. `afterEnd`: the model went on
 * into a round of its own. `noAnswer`, `severalAnswers`: not exactly one answer mark. `cotMismatch`: one of the two signs of a
 * chain of thought without the other, or no thought in it. `badOptions`: fewer than two, empty, or twice the same.
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
  | 'answerNotAmongOptions';

export interface Drop {
  reason: DropReason;
  segment: string;
}

export interface Parsed {
  pairs: Pair[];
  drops: Drop[];
}

/**
 * Reads a completion of the tag protocol. Never throws; every piece between end marks becomes a pair or a drop.
 * Questions that repeat within the completion, whatever their case, are dropped; the first stays.
 */
export function parseCompletion(text: string): Parsed {
  const parsed: Parsed = { pairs: [], drops: [] };
  const seen = new Set<string>();
  const segments = text.split(MARK.pairEnd);
  const last = segments.length - 1;
  for (const [i, segment] of segments.entries()) {
    const body = segment.trim();
    const closed = leadingEnd(segment);
    if (closed > 0) {
      // Behind the end of its round a model invents a context: those pairs are about no text of ours.
      const rest = [segment.slice(closed), ...segments.slice(i + 1)].join(MARK.pairEnd).trim();
      if (rest !== '') parsed.drops.push({ reason: 'afterEnd', segment: rest });
      break;
    }
    if (i === last) {
      if (body !== '') parsed.drops.push({ reason: 'incomplete', segment: body });
      break;
    }
    const pair = parseSegment(segment);
    if (typeof pair === 'string') {
      parsed.drops.push({ reason: pair, segment: body });
      continue;
    }
    const key = questionKey(pair);
    if (seen.has(key)) {
      parsed.drops.push({ reason: 'repeated', segment: body });
      continue;
    }
    seen.add(key);
    parsed.pairs.push(pair);
  }
  return parsed;
}

/** Length of the closing and opening marks at the start of a segment; servers leave them or strip them. */
function leadingEnd(segment: string): number {
  return /^\s*(?:<\/?s>\s*)+/.exec(segment)?.[0].length ?? 0;
}

/** What makes two questions the same. Only ASCII letters are folded: case tables of other letters differ between engines. */
function questionKey(pair: Pair): string {
  return pair.question.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function parseSegment(segment: string): Pair | DropReason {
  const sides = segment.split(MARK.answer);
  if (sides.length > 2) return 'severalAnswers';
  const [left = '', right] = sides;
  if (right === undefined) return 'noAnswer';
  const asked = left.trim();
  if (!asked.startsWith(MARK.question)) return 'noQuestionMark';
  if (asked === MARK.question) return 'emptyQuestion';
  if (right.trim() === '') return 'emptyAnswer';
  const question = asked.slice(MARK.question.length);
  if (hasMarker(question) || hasMarker(right)) return 'leakedMarker';
  return structure(question, right);
}

/** From the literal marks inside question and answer to a structured pair. */
function structure(asked: string, answered: string): Pair | DropReason {
  const thinks = asked.endsWith(MARK.thinkAloud);
  const parts = answered.split(MARK.conclusion);
  if (thinks !== (parts.length === 2) || parts.length > 2) return 'cotMismatch';
  const bare = thinks ? asked.slice(0, -MARK.thinkAloud.length) : asked;
  const answer = (thinks ? (parts[1] ?? '') : answered).trim();
  const rationale = thinks ? (parts[0] ?? '').trim().replace(/\.$/, '').trim() : undefined;
  if (rationale === '') return 'cotMismatch';

  const [question = '', list, ...more] = bare.split(MARK.options);
  if (question.trim() === '') return 'emptyQuestion';
  if (answer === '') return 'emptyAnswer';
  const thought = rationale === undefined ? {} : { rationale };
  if (list === undefined) {
    return { question: question.trim(), answer, kind: rationale === undefined ? 'plain' : 'cot', ...thought };
  }
  const options = list.split(MARK.option).map((option) => option.trim());
  if (more.length > 0 || options.length < 2 || options.includes('')) return 'badOptions';
  if (new Set(options).size < options.length) return 'badOptions';
  if (!options.includes(answer)) return 'answerNotAmongOptions';
  const kind = rationale === undefined ? 'option' : 'option-cot';
  return { question: question.trim(), answer, kind, options, ...thought };
}
