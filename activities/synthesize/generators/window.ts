import type { GeneratorPin } from '../../plan/pins.ts';
import type { Round } from './generator.ts';

/** Kept free of the window: estimates are upper bounds by tokens of known tokenizers, not of every one. */
const MARGIN = 0.1;

/** Estimated tokens that a prompt may have beside its answer. */
export function promptRoom({ window, newTokens }: Pick<GeneratorPin, 'window' | 'newTokens'>): number {
  return Math.floor((window - newTokens) * (1 - MARGIN));
}

/** As much of the history, newest first, as `room` tokens hold: the oldest round goes first. */
export async function fitting(
  history: readonly Round[],
  room: number,
  tokensOf: (round: Round) => number | Promise<number>,
): Promise<readonly Round[]> {
  let left = room;
  let from = history.length;
  for (const round of history.toReversed()) {
    left -= await tokensOf(round);
    if (left < 0) break;
    from--;
  }
  return history.slice(from);
}
