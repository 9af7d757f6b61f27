/**
 * A bigram model with Witten–Bell smoothing (Witten and Bell, 1991): a token seen N times with T different followers
 * gives the weight T / (N + T) to the unigram model, and that in turn gives its share to the uniform distribution.
 * Nothing has to be tuned, and an untrained model has a loss of ln(vocabSize).
 */
export interface Bigram {
  readonly vocabSize: number;
  /** Occurrences of each token, their sum, and the number of different tokens seen. */
  readonly counts: Float64Array;
  tokens: number;
  types: number;
  /** Occurrences of each pair under `first × vocabSize + second`; per first token their sum and their number. */
  readonly pairs: Map<number, number>;
  readonly followed: Float64Array;
  readonly followers: Float64Array;
  /** Different pairs at most: later new ones are left out, so that memory stays bounded. */
  readonly maxPairs: number;
}

/** An untrained model. A map of the default number of pairs takes about 450 MB. */
export function newBigram(vocabSize: number, maxPairs = 6_000_000): Bigram {
  return {
    vocabSize,
    counts: new Float64Array(vocabSize),
    tokens: 0,
    types: 0,
    pairs: new Map(),
    followed: new Float64Array(vocabSize),
    followers: new Float64Array(vocabSize),
    maxPairs,
  };
}

/** Counts one document. */
export function learn(model: Bigram, ids: Int32Array): void {
  let previous = -1;
  for (const id of ids) {
    if (model.counts[id] === 0) model.types++;
    add(model.counts, id);
    model.tokens++;
    if (previous >= 0) learnPair(model, previous, id);
    previous = id;
  }
}

function learnPair(model: Bigram, first: number, second: number): void {
  const key = first * model.vocabSize + second;
  const seen = model.pairs.get(key);
  if (seen === undefined) {
    if (model.pairs.size >= model.maxPairs) return;
    add(model.followers, first);
  }
  model.pairs.set(key, (seen ?? 0) + 1);
  add(model.followed, first);
}

function add(counts: Float64Array, at: number): void {
  counts[at] = (counts[at] ?? 0) + 1;
}

/** P(second | first); P(second) at a document's beginning, where `first` is -1. Sums to 1 over `second`. */
export function probability(model: Bigram, first: number, second: number): number {
  const { counts, tokens, types, vocabSize } = model;
  const unigram =
    tokens === 0 ? 1 / vocabSize : ((counts[second] ?? 0) + types / vocabSize) / (tokens + types);
  if (first < 0) return unigram;
  const followers = model.followers[first] ?? 0;
  if (followers === 0) return unigram;
  const together = model.pairs.get(first * vocabSize + second) ?? 0;
  return (together + followers * unigram) / ((model.followed[first] ?? 0) + followers);
}

/** The negative log-likelihood of a document, in nats, summed over its tokens. */
export function surprise(model: Bigram, ids: Int32Array): number {
  let nats = 0;
  let previous = -1;
  for (const id of ids) {
    nats -= Math.log(probability(model, previous, id));
    previous = id;
  }
  return nats;
}
