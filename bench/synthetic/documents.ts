import { openStream, type RandomStream } from '../../lake/random.ts';
import { openVocabulary, type Vocabulary } from './vocabulary.ts';

/** Words of a shingle, as dedupe has them. */
export const SHINGLE = 5;

/** What a corpus is made of. The same options give the same corpus, document by document, whoever makes which of them. */
export interface CorpusOptions {
  seed: string;
  documents: number;
  /** Of the words of a body: log-normal, and what is outside of [min, max] is brought to the bound. */
  medianWords: number;
  sigma: number;
  minWords: number;
  maxWords: number;
  /** Different words there are; that of rank r comes up with a probability of about 1 / (r ln size), which is Zipf's law. */
  vocabulary: number;
  /** Words of one paragraph that stands behind the bodies of this share of the documents. */
  boilerplateWords: number;
  boilerplateShare: number;
  /** Shares of the documents that repeat an earlier one, exactly and nearly. */
  exactShare: number;
  nearShare: number;
  /** Similarities that near-duplicates are made for, one drawn for each. */
  similarities: readonly number[];
}
export const SYNTHETIC: Omit<CorpusOptions, 'documents'> = {
  seed: 'instruct-lake',
  medianWords: 150,
  sigma: 0.7,
  minWords: 70,
  maxWords: 5_000,
  vocabulary: 2 ** 20,
  boilerplateWords: 150,
  boilerplateShare: 0.5,
  exactShare: 0.05,
  nearShare: 0.05,
  similarities: [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95],
};

/** How a document came about. `of` is an original that stands before it. */
export type Origin =
  | { kind: 'original' }
  | { kind: 'exact'; of: number }
  | { kind: 'near'; of: number; similarity: number };

export interface Corpus {
  readonly options: CorpusOptions;
  readonly vocabulary: Vocabulary;
  originOf(document: number): Origin;
  /** The words of a document, by rank: a view, good until the next call. */
  wordsOf(document: number): Uint32Array;
  /** Words as text. */
  textOf(words: Uint32Array): string;
}

/** Opens a corpus; any document of it can be made at once, without those before it. */
export function openCorpus(options: CorpusOptions): Corpus {
  const { seed, boilerplateWords, exactShare, nearShare, similarities } = options;
  const vocabulary = openVocabulary(options.vocabulary);
  const held = new Uint32Array(options.maxWords + boilerplateWords);
  const draw = openZipf(vocabulary.size);
  const streamOf = (document: number): RandomStream =>
    openStream(seed, 'synthetic/document', String(document));

  const boilerplate = new Uint32Array(boilerplateWords);
  const paragraph = openStream(seed, 'synthetic/boilerplate', '');
  for (let i = 0; i < boilerplateWords; i++) boilerplate[i] = draw(paragraph);

  const originOf = (document: number): Origin => drawOrigin(document, streamOf(document));

  function drawOrigin(document: number, stream: RandomStream): Origin {
    const kind = stream.unit();
    if (document === 0 || kind >= exactShare + nearShare) return { kind: 'original' };
    // Nine of ten are originals, so this does not take long; the first document always is one.
    let of = stream.below(document);
    while (of > 0 && streamOf(of).unit() < exactShare + nearShare) of = stream.below(of);
    if (kind < exactShare) return { kind: 'exact', of };
    return { kind: 'near', of, similarity: stream.pick(similarities) };
  }

  /** Fills `held` with an original, whose origin has been drawn; the words of its body, and of all of it. */
  function original(stream: RandomStream): { body: number; words: number } {
    const normal = Math.sqrt(-2 * Math.log(1 - stream.unit())) * Math.cos(2 * Math.PI * stream.unit());
    const length = Math.round(options.medianWords * Math.exp(options.sigma * normal));
    const body = Math.min(options.maxWords, Math.max(options.minWords, length));
    const shared = stream.unit() < options.boilerplateShare;
    for (let i = 0; i < body; i++) held[i] = draw(stream);
    if (!shared) return { body, words: body };
    held.set(boilerplate, body);
    return { body, words: body + boilerplateWords };
  }

  /** Puts other words into a run of the body, so long that the shingles of both have the wanted similarity, about. */
  function disturb(
    stream: RandomStream,
    { body, words }: { body: number; words: number },
    similarity: number,
  ): void {
    const shingles = words - SHINGLE + 1;
    const changed = (shingles * (1 - similarity)) / (1 + similarity);
    const run = Math.min(body, Math.max(1, Math.round(changed) - SHINGLE + 1));
    const from = stream.below(body - run + 1);
    for (let i = from; i < from + run; i++) {
      const before = held[i] as number;
      do held[i] = draw(stream);
      while (held[i] === before);
    }
  }

  function wordsOf(document: number): Uint32Array {
    const stream = streamOf(document);
    const origin = drawOrigin(document, stream);
    if (origin.kind === 'original') return held.subarray(0, original(stream).words);
    const first = streamOf(origin.of);
    drawOrigin(origin.of, first);
    const sizes = original(first);
    if (origin.kind === 'near') disturb(stream, sizes, origin.similarity);
    return held.subarray(0, sizes.words);
  }

  const { bytes, starts } = vocabulary;
  let room = Buffer.alloc(64 * 1024);
  function textOf(words: Uint32Array): string {
    let at = 0;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] as number;
      const end = starts[word + 1] as number;
      if (at + 32 > room.length) room = Buffer.concat([room, Buffer.alloc(room.length)]);
      for (let k = starts[word] as number; k < end; k++) room[at++] = bytes[k] as number;
    }
    return room.toString('latin1', 0, Math.max(0, at - 1));
  }
  return { options, vocabulary, originOf, wordsOf, textOf };
}

/**
 * Draws ranks from 0 to below `size`, rank r with probability ln((r + 2) / (r + 1)) / ln(size + 1): the logarithm is drawn
 * evenly. Its 32 bits are taken apart for two tables and a last step that is a straight line, since `exp` is slow.
 */
function openZipf(size: number): (stream: RandomStream) => number {
  const scale = Math.log(size + 1) / 2 ** 32;
  const upper = Float64Array.from({ length: 2 ** 11 }, (_, i) => Math.exp(i * 2 ** 21 * scale));
  const middle = Float64Array.from({ length: 2 ** 11 }, (_, i) => Math.exp(i * 2 ** 10 * scale));
  return (stream) => {
    const bits = stream.uint32();
    const power = (upper[bits >>> 21] as number) * (middle[(bits >>> 10) & 2047] as number);
    return Math.min(size, Math.floor(power * (1 + (bits & 1023) * scale))) - 1;
  };
}
