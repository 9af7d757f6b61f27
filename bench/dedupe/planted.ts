import { openStream, type RandomStream } from '../../lake/random.ts';

/** Words of a shingle. */
export const SHINGLE = 5;
/** Documents of a group: an original and its edited copies; all pairs of them are near-duplicates of some similarity. */
const GROUP = 5;
/** Words of an original: their logarithm is drawn evenly. */
const WORDS = [60, 2000] as const;
/** Similarities that copies are made for, evenly drawn. */
const SIMILARITIES = [0.5, 0.97] as const;

/** In how many ways documents are spelled. */
export const SPELLINGS = 4;

/** A document as numbers of words. */
export type Document = Uint16Array;
/** How a copy is made: words replaced here and there, one stretch of words replaced, words put in and left out. */
const EDITS = [replaced, stretched, shifted] as const;

/**
 * `count` documents in groups of an original and four copies of it with edits. Words are drawn evenly from so many that
 * documents of different groups have no shingle in common.
 */
export function plantedDocuments(
  count: number,
  vocabulary: number,
): { documents: Document[]; group: number } {
  const documents: Document[] = [];
  for (let group = 0; documents.length < count; group++) {
    const draw = openStream('bench', 'dedupe/planted', `${group}`);
    const [least, most] = WORDS;
    const length = Math.round(least * (most / least) ** draw.unit());
    const original = Uint16Array.from({ length }, () => draw.below(vocabulary));
    documents.push(original);
    for (let copy = 1; copy < GROUP && documents.length < count; copy++) {
      const [from, to] = SIMILARITIES;
      const similarity = from + (to - from) * draw.unit();
      documents.push(draw.pick(EDITS)(original, similarity, draw, vocabulary));
    }
  }
  return { documents, group: GROUP };
}

/**
 * The documents in words: `spelling` says which word stands for which number. The same documents in other words have the same
 * similarities, and other hashes.
 */
export function spelled(
  documents: readonly Document[],
  vocabulary: readonly string[],
  spelling: number,
): string[] {
  const shift = Math.floor((spelling * vocabulary.length) / SPELLINGS);
  return documents.map((words) =>
    Array.from(words, (word) => vocabulary[(word + shift) % vocabulary.length]).join(' '),
  );
}

/** Shingles that two sets of equal size keep in common at a similarity, as a share: J = s / (2 - s). */
const kept = (similarity: number): number => (2 * similarity) / (1 + similarity);

/** Each word replaced with the probability with which as many shingles stay whole as are to be kept. */
function replaced(original: Document, similarity: number, draw: RandomStream, vocabulary: number): Document {
  const rate = 1 - kept(similarity) ** (1 / SHINGLE);
  return original.map((word) => (draw.unit() < rate ? draw.below(vocabulary) : word));
}

/** One stretch replaced, as long as it takes. */
function stretched(original: Document, similarity: number, draw: RandomStream, vocabulary: number): Document {
  const shingles = original.length - SHINGLE + 1;
  const lost = Math.round(shingles * (1 - kept(similarity)));
  const length = Math.max(1, lost - SHINGLE + 1);
  const start = draw.below(original.length - length + 1);
  return original.map((word, i) => (i >= start && i < start + length ? draw.below(vocabulary) : word));
}

/** Words left out and new ones put in, one as often as the other. A word left out takes five shingles, one put in four. */
function shifted(original: Document, similarity: number, draw: RandomStream, vocabulary: number): Document {
  const rate = 1 - kept(similarity) ** (1 / (SHINGLE - 0.5));
  const words: number[] = [];
  for (const word of original) {
    const edited = draw.unit() < rate;
    if (!edited) words.push(word);
    else if (draw.below(2) === 0) words.push(word, draw.below(vocabulary));
  }
  return Uint16Array.from(words);
}
