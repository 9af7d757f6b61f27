import type { Pair } from '../../../workflows/contract.ts';
import { type DropReason, gather, type Parsed, pairOf } from '../pair.ts';
import { hasMarker, MARK } from './markers.ts';

/**
 * Reads a completion of the tag protocol. Never throws; every piece between end marks becomes a pair or a drop.
 * Questions that repeat within the completion, whatever their case, are dropped; the first stays.
 */
export function parseCompletion(text: string): Parsed {
  const parsed = gather();
  const segments = text.split(MARK.pairEnd);
  const last = segments.length - 1;
  for (const [i, segment] of segments.entries()) {
    const body = segment.trim();
    const closed = leadingEnd(segment);
    if (closed > 0) {
      // Behind the end of its round a model invents a context: those pairs are about no text of ours.
      const rest = [segment.slice(closed), ...segments.slice(i + 1)].join(MARK.pairEnd).trim();
      if (rest !== '') parsed.add('afterEnd', rest);
      break;
    }
    if (i < last) parsed.add(parseSegment(segment), body);
    else if (body !== '') parsed.add('incomplete', body);
  }
  return { pairs: parsed.pairs, drops: parsed.drops };
}

/** Length of the closing and opening marks at the start of a segment; servers leave them or strip them. */
function leadingEnd(segment: string): number {
  return /^\s*(?:<\/?s>\s*)+/.exec(segment)?.[0].length ?? 0;
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

/** From the literal marks inside question and answer, as the protocol writes them, to a structured pair. */
export function structure(asked: string, answered: string): Pair | DropReason {
  const thinks = asked.endsWith(MARK.thinkAloud);
  const parts = answered.split(MARK.conclusion);
  if (thinks !== (parts.length === 2) || parts.length > 2) return 'cotMismatch';
  const bare = thinks ? asked.slice(0, -MARK.thinkAloud.length) : asked;
  const answer = thinks ? (parts[1] ?? '') : answered;
  const thought = thinks ? { rationale: parts[0] ?? '' } : {};

  const [question = '', list, ...more] = bare.split(MARK.options);
  if (list === undefined) return pairOf({ question, answer, ...thought });
  // Two lists are no list.
  const options = more.length > 0 ? [] : list.split(MARK.option);
  return pairOf({ question, answer, options, ...thought });
}
