import { type Document, SHINGLE } from './planted.ts';

/** The sets of shingles of some documents, as sorted numbers: equal shingles have equal numbers, and others have not. */
export function shingleSets(documents: readonly Document[]): Uint32Array[] {
  // Three words are 48 bits, which a number holds; what stands for them and the last two words are again no more than 53.
  const heads = new Map<number, number>();
  const shingles = new Map<number, number>();
  return documents.map((words) => {
    const set = new Set<number>();
    for (let i = 0; i + SHINGLE <= words.length; i++) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = words.subarray(i, i + SHINGLE);
      const head = numberOf(heads, (a * 0x10000 + b) * 0x10000 + c);
      set.add(numberOf(shingles, (head * 0x10000 + d) * 0x10000 + e));
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
