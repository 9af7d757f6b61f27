import type { Pair } from '../../../workflows/contract.ts';
import type { Round } from '../generators/generator.ts';
import { MARK, neutralise } from './markers.ts';

/** A text as the synthesizer is asked about it; marks inside it are made harmless. An empty text gives the opening mark alone. */
export function contextBlock(text: string): string {
  if (text === '') return MARK.begin;
  return `${MARK.begin} ${MARK.context} ${neutralise(text)} ${MARK.contextEnd}\n\n`;
}

/** One earlier round: its context block, its pairs, the closing mark. The next round follows with nothing between. */
export function finishedRound(round: Round): string {
  return `${contextBlock(round.context)}${round.pairs.map(pairText).join('\n\n')}${MARK.end}`;
}

/** The whole prompt: the chain's earlier rounds, oldest first, then the text that pairs are wanted for. */
export function prompt(history: readonly Round[], context: string): string {
  return history.map(finishedRound).join('') + contextBlock(context);
}

/** One pair in the tag protocol. */
export function pairText(pair: Pair): string {
  return `${MARK.question} ${questionText(pair)} ${MARK.answer} ${answerText(pair)} ${MARK.pairEnd}`;
}

/** The question with its options and, for chains of thought, the invitation to think. */
export function questionText(pair: Pair): string {
  const options = pair.options === undefined ? '' : MARK.options + pair.options.join(MARK.option);
  return pair.question + options + (pair.rationale === undefined ? '' : MARK.thinkAloud);
}

/**
 * The answer, after the rationale where there is one. The parser takes one full stop off a rationale's end, so one is
 * put back here, except after signs that end a sentence by themselves: what was parsed is written and parsed again alike.
 */
export function answerText(pair: Pair): string {
  if (pair.rationale === undefined) return pair.answer;
  const stop = /[!?:;)"'\u2019\u201d]$/.test(pair.rationale) ? '' : '.';
  return `${pair.rationale}${stop}${MARK.conclusion}${pair.answer}`;
}
