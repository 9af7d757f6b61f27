import type { Pair, PairKind } from '../../workflows/contract.ts';

/** How a pair can be shown: its kind, and the index of its answer among its options (-1 without). */
export interface Shape {
  kind: PairKind;
  correct: number;
}

/**
 * The kind of a pair as far as its fields bear it out: without a rationale there is no chain of thought, and without
 * two options, one of them the answer (up to white space at the ends), none are shown. So no wrong option is ever
 * pointed at, and question and answer stand in the text whatever a pair lacks.
 */
export function shapeOf(pair: Pair): Shape {
  const reasoned = (pair.kind === 'cot' || pair.kind === 'option-cot') && pair.rationale !== undefined;
  const correct =
    pair.kind === 'option' || pair.kind === 'option-cot' ? place(pair.options ?? [], pair.answer) : -1;
  if (correct === -1) return { kind: reasoned ? 'cot' : 'plain', correct };
  return { kind: reasoned ? 'option-cot' : 'option', correct };
}

function place(options: readonly string[], answer: string): number {
  if (options.length < 2) return -1;
  const exact = options.indexOf(answer);
  return exact === -1 ? options.findIndex((option) => option.trim() === answer.trim()) : exact;
}
