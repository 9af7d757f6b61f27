import type { ShardDocument } from './record.ts';

/**
 * Counts pairs whose context does not stand wholly in the row in which their answer ends, when rows of `length` tokens are cut off a
 * stream in which the document begins at token `start`.
 */
export function partedPairs({ spans }: Pick<ShardDocument, 'spans'>, start: number, length: number): number {
  let parted = 0;
  let context: number | undefined;
  for (const { kind, from, to } of spans) {
    if (kind === 'context') context ??= from;
    else if (kind === 'answer') {
      if (context !== undefined && rowOf(start + context, length) !== rowOf(start + to - 1, length)) parted++;
    }
    // The next context belongs to the pairs behind it.
    if (kind === 'context') context = from;
  }
  return parted;
}

const rowOf = (token: number, length: number): number => Math.floor(token / length);

export const pairsIn = ({ spans }: Pick<ShardDocument, 'spans'>): number =>
  spans.filter(({ kind }) => kind === 'answer').length;
