import { sentenceEnd, wordEnd } from './parts-sentence.ts';

/** How a text is measured by the tokenizer that will read it. */
export interface Counting {
  /** Tokens that the prompt about a part may have. */
  most: number;
  /** Tokens of the prompt about a part alone. */
  ofPrompt(part: string): Promise<number>;
  /** Tokens of each piece by itself, near what it adds to a prompt. */
  ofPieces(pieces: readonly string[]): Promise<number[]>;
}

/** A piece of the text up to `end`; pieces follow each other. */
interface Piece {
  end: number;
  tokens: number;
}

/** Beyond so many characters to a token no text fits: it is not worth counting. */
export const LONGEST_TOKEN = 16;
/** Pieces that are counted at once. */
const BATCH = 1_024;
/** Pieces of a sentence that is cut are at least so small a part of the window: never a hundred thousand words by themselves. */
const FINE = 8;

/**
 * Cuts a text into parts whose prompts have at most `most` tokens, each as long as a greedy walk over its sentences gives.
 * A sentence that is too long alone is cut after white space, a word that is, between code points (a single one may
 * exceed the limit). Joined, the parts are the text. Tokens that merge across a cut are no surprise: every part's prompt
 * was counted.
 */
export async function splitCounted(text: string, counting: Counting): Promise<string[]> {
  const { most } = counting;
  if (text.length <= most * LONGEST_TOKEN && (await counting.ofPrompt(text)) <= most) return [text];
  const overhead = Math.max(0, (await counting.ofPrompt('x')) - 1);
  let pieces = await measured(text, 0, ends(text, 0, text.length, sentenceEnd), counting);
  const parts: string[] = [];
  let start = 0;
  for (let from = 0; from < pieces.length; ) {
    let to = from;
    for (let sum = overhead; to < pieces.length; to++) {
      sum += pieces[to]?.tokens ?? 0;
      if (to > from && sum > most) break;
    }
    let over = (await counting.ofPrompt(upTo(to))) - most;
    while (over > 0 && to - from > 1) {
      for (let less = 0; less < over && to - from > 1; ) less += pieces[--to]?.tokens ?? 0;
      over = (await counting.ofPrompt(upTo(to))) - most;
    }
    const end = pieces[to - 1]?.end ?? text.length;
    const finer = over > 0 ? finerEnds(text, start, end, most) : [];
    if (finer.length > 1) {
      const fine = await measured(text, start, finer, counting);
      pieces = [...fine, ...pieces.slice(to)];
      from = 0;
      continue;
    }
    parts.push(text.slice(start, end));
    start = end;
    from = to;
  }
  return parts;

  function upTo(piece: number): string {
    return text.slice(start, pieces[piece - 1]?.end);
  }
}

async function measured(
  text: string,
  start: number,
  ends: readonly number[],
  counting: Counting,
): Promise<Piece[]> {
  const pieces: Piece[] = [];
  let from = start;
  for (let i = 0; i < ends.length; i += BATCH) {
    const some = ends.slice(i, i + BATCH);
    const texts = some.map((end) => {
      const piece = text.slice(from, end);
      from = end;
      return piece;
    });
    const tokens = await counting.ofPieces(texts);
    for (const [k, end] of some.entries()) pieces.push({ end, tokens: tokens[k] ?? 0 });
  }
  return pieces;
}

/** Where the pieces of text[start, limit) end, each found from where the one before it does. */
function ends(
  text: string,
  start: number,
  limit: number,
  next: (text: string, start: number, limit: number) => number,
): number[] {
  const found: number[] = [];
  for (let at = start; at < limit; ) {
    at = Math.min(limit, next(text, at, limit));
    found.push(at);
  }
  return found;
}

/** Ends of smaller pieces of one that is too long alone: some words each, or where it is one word, some characters. */
function finerEnds(text: string, start: number, end: number, most: number): number[] {
  const words = ends(text, start, end, (_, from) => {
    let at = from;
    while (at < end && at - from < most / FINE) at = wordEnd(text, at, end);
    return at;
  });
  if (words.length > 1) return words;
  const size = Math.max(1, Math.min(most, Math.ceil((end - start) / 2)));
  return ends(text, start, end, (_, from) => {
    const at = Math.min(end, from + size);
    const splits = (text.charCodeAt(at - 1) & 0xfc00) === 0xd800 && (text.charCodeAt(at) & 0xfc00) === 0xdc00;
    return splits ? at + 1 : at;
  });
}
