import type { ShardDocument } from './record.ts';

/**
 * One byte a token: 1 where the token is a target, not shifted. Targets are the tokens of answers and rationales, and the EOS behind
 * one at the end of a document. A token belongs to the span that its last byte lies in.
 */
export function maskOf({ tokens, spans }: Pick<ShardDocument, 'tokens' | 'spans'>): Uint8Array {
  const mask = new Uint8Array(tokens);
  for (const { kind, from, to } of spans) {
    if (kind === 'answer' || kind === 'rationale') mask.fill(1, from, to);
  }
  // EOS is the last token, and of no span.
  if (tokens > 1 && mask[tokens - 2] === 1) mask[tokens - 1] = 1;
  return mask;
}
