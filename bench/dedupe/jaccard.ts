import { SHINGLE } from './planted.ts';

/** Words that can be told apart: a third one goes into a number of 53 bits with the two before it. */
const WORDS = 2 ** 17;

/**
 * The sets of shingles of some documents, which are numbers of words, as sorted numbers: equal shingles have equal numbers,
 * and others have not. Throws RangeError at a word too many.
 */
export function shingleSets(documents: readonly ArrayLike<number>[]): Uint32Array[] {
  const heads = new Map<number, number>();
  const fours = new Map<number, number>();
  const shingles = new Map<number, number>();
  return documents.map((words) => {
    const set = new Set<number>();
    const word = (i: number): number => {
      const number = words[i] ?? WORDS;
      if (number >= WORDS) throw new RangeError(`word ${number} of at most ${WORDS}`);
      return number;
    };
    for (let i = 0; i + SHINGLE <= words.length; i++) {
      const head = numberOf(heads, (word(i) * WORDS + word(i + 1)) * WORDS + word(i + 2));
      const four = numberOf(fours, head * WORDS + word(i + 3));
      set.add(numberOf(shingles, four * WORDS + word(i + 4)));
    }
    return Uint32Array.from(set).sort();
  });
}

function numberOf(numbers: Map<number, number>, key: number): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}

/** What two sorted sets have in common, of all that they have; 0 for two empty ones. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let common = 0;
  for (let i = 0, k = 0; i < a.length && k < b.length; ) {
    const [left = 0, right = 0] = [a[i], b[k]];
    if (left === right) common++;
    if (left <= right) i++;
    if (right <= left) k++;
  }
  const all = a.length + b.length - common;
  return all === 0 ? 0 : common / all;
}
