import { pairText } from '../../activities/synthesize/protocol/prompt.ts';
import { lastContext } from '../../client/endpoint/complete.ts';
import { openStream, type RandomStream } from '../../lake/random.ts';

const PAIR_MARGIN = 1;
/** Stands in for a text of which only token ids are known, or that has too few words. */
const FILLER = 'the passage names several places and says when each of them was first described'.split(' ');

/**
 * Pairs of the tag protocol about the last context of a prompt; their number and lengths are drawn by the prompt's
 * hash, so that the same prompt always gives the same answer. About 45 tokens a pair.
 */
export function answerTo(prompt: string, hash: string, [least, most]: readonly [number, number]): string {
  const draw = openStream('simulated endpoint', 'answer', hash);
  const found = lastContext(prompt).match(/[A-Za-z]+/g) ?? [];
  const words = found.length < FILLER.length ? FILLER : found;
  const count = least + draw.below(most - least + PAIR_MARGIN);
  return Array.from({ length: count }, (_, i) =>
    pairText({
      question: `${i + 1}. What does the passage say after "${some(words, 4 + draw.below(5), draw)}"?`,
      answer: `${some(words, 8 + draw.below(16), draw)}.`,
      kind: 'plain',
    }),
  ).join('\n\n');
}

/** Words that follow one another, from a drawn place on. */
function some(words: readonly string[], count: number, draw: RandomStream): string {
  const from = draw.below(Math.max(1, words.length - count));
  return words.slice(from, from + count).join(' ');
}
