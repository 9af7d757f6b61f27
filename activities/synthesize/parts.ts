import { sentenceCost, tokensOf } from './parts-estimate.ts';
import { sentenceEnd, wordEnd } from './parts-sentence.ts';

export { estimateTokens } from './parts-estimate.ts';

/**
 * Cuts a text into parts of at most `maxTokens` estimated tokens each, as few as a greedy walk gives. Cuts fall at the
 * ends of sentences; a sentence that is too long alone is cut after white space, a word that is, between code points
 * (a single one may exceed the limit). Joined, the parts are the text, byte for byte. Linear in the text's length.
 */
export function splitParts(text: string, maxTokens: number): string[] {
  const parts: string[] = [];
  let start = 0;
  let cost = 0;
  let end = 0;
  for (const unit of units(text, maxTokens)) {
    if (end > start && tokensOf(cost + unit.cost) > maxTokens) {
      parts.push(text.slice(start, end));
      start = end;
      cost = 0;
    }
    cost += unit.cost;
    end = unit.end;
  }
  parts.push(text.slice(start));
  return parts;
}

interface Unit {
  end: number;
  cost: number;
}

/** The pieces that are never cut again: sentences that fit, words of those that do not, code points of the rest. */
function* units(text: string, maxTokens: number): Generator<Unit> {
  for (let start = 0; start < text.length; ) {
    const end = sentenceEnd(text, start);
    const cost = sentenceCost(text, start, end);
    if (tokensOf(cost) <= maxTokens) yield { end, cost };
    else yield* wordsOf(text, start, end, maxTokens);
    start = end;
  }
}

function* wordsOf(text: string, from: number, to: number, maxTokens: number): Generator<Unit> {
  for (let start = from; start < to; ) {
    const end = wordEnd(text, start, to);
    const cost = sentenceCost(text, start, end, false);
    if (tokensOf(cost) <= maxTokens) yield { end, cost };
    else yield* codePointsOf(text, start, end);
    start = end;
  }
}

function* codePointsOf(text: string, from: number, to: number): Generator<Unit> {
  for (let start = from; start < to; ) {
    const end = start + ((text.codePointAt(start) as number) > 0xffff ? 2 : 1);
    yield { end, cost: sentenceCost(text, start, end) };
    start = end;
  }
}
