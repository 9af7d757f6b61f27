import type { RandomStream } from '../../../lake/random.ts';
import type { Pair, PairKind } from '../../../workflows/contract.ts';
import type { Candidate } from './candidate.ts';
import { lower, shuffled, wordsOf } from './strings.ts';
import { say } from './wording.ts';

/** How often a question that allows all four kinds gets each. */
const WEIGHTS: Readonly<Record<PairKind, number>> = { plain: 8, option: 26, cot: 16, 'option-cot': 50 };
/** Options of a choice at most, and words of one at most. */
const OPTIONS = 4;
const OPTION_WORDS = 30;

/** Puts a question into one of the kinds that it allows, drawn by weight, with options and rationale. */
export function dress(candidate: Candidate, stream: RandomStream): Pair {
  const wrong = wrongOptions(candidate);
  const choosable = candidate.labels !== undefined || wrong.length >= 2;
  const kinds: PairKind[] = [];
  if (!candidate.closed || !choosable) kinds.push('plain');
  if (choosable) kinds.push('option');
  if (showsItsWork(candidate))
    kinds.push(...kinds.map((kind): PairKind => (kind === 'plain' ? 'cot' : 'option-cot')));
  const kind = stream.pick(
    kinds,
    kinds.map((one) => WEIGHTS[one]),
  );

  const { question, answer } = candidate;
  const pair: Pair = { question, answer, kind };
  if (kind === 'option' || kind === 'option-cot') {
    pair.options =
      candidate.labels === undefined
        ? shuffled([answer, ...shuffled(wrong, stream).slice(0, OPTIONS - 1)], stream)
        : shuffled(candidate.labels, stream);
  }
  if (kind === 'cot' || kind === 'option-cot') pair.rationale = rationale(candidate, stream);
  return pair;
}

/** Distractors that are short enough, differ from the answer and from each other, and do not contain one another. */
function wrongOptions({ answer, distractors, labels }: Candidate): string[] {
  if (labels !== undefined || wordsOf(answer).length > OPTION_WORDS) return [];
  const kept: string[] = [];
  for (const one of distractors) {
    const clash = [answer, ...kept].some(
      (other) => lower(other).includes(lower(one)) || lower(one).includes(lower(other)),
    );
    if (!clash && one !== '' && wordsOf(one).length <= OPTION_WORDS) kept.push(one);
  }
  return kept;
}

/** Whether quoting the evidence says more than the answer itself does. */
function showsItsWork({ evidence, answer, labels }: Candidate): boolean {
  if (evidence === undefined) return false;
  return labels !== undefined || answer.length <= evidence.length * 0.6;
}

function rationale({ evidence = '', remark }: Candidate, stream: RandomStream): string {
  const quoted = say(stream, 'evidence', { evidence: evidence.replaceAll('"', "'") });
  return remark === undefined ? quoted : `${quoted} ${remark.replace(/\.$/, '')}`;
}
