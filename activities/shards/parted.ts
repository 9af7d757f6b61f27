import type { ShardDocument } from './record.ts';

/**
 * Counts pairs whose context does not stand wholly in the row in which their answer ends, when rows of `length` tokens are cut off a
 * stream in which the document begins at token `start`. Where a document begins with a question, contexts stand behind their pairs.
 */
export function partedPairs({ spans }: Pick<ShardDocument, 'spans'>, start: number, length: number): number {
  const row = (token: number): number => Math.floor((start + token) / length);
  const contexts = spans.filter(({ kind }) => kind === 'context');
  const behind = spans[0]?.kind !== 'context';
  let seen = 0;
  let parted = 0;
  for (const { kind, to } of spans) {
    if (kind === 'context') seen++;
    if (kind !== 'answer') continue;
    const context = contexts[behind ? seen : seen - 1];
    if (context === undefined) continue;
    const first = row(Math.min(context.from, to - 1));
    if (first !== row(Math.max(context.to, to) - 1)) parted++;
  }
  return parted;
}

export const pairsIn = ({ spans }: Pick<ShardDocument, 'spans'>): number =>
  spans.filter(({ kind }) => kind === 'answer').length;
