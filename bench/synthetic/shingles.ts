import { SHINGLE } from './documents.ts';

const FACTOR_A = 0x9e3779b1;
const FACTOR_B = 0x85ebca77;
const OUT_A = power(FACTOR_A, SHINGLE);
const OUT_B = power(FACTOR_B, SHINGLE);

/**
 * Calls `take` with two hashes of 32 bits of every shingle: polynomials over the hashes of its words, rolled from one
 * shingle to the next. None of it is the product's own, which these are to judge.
 */
export function eachShingle(words: Uint32Array, take: (a: number, b: number) => void): void {
  let a = 0;
  let b = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    a = Math.imul(a, FACTOR_A) + mixed(word ^ 0x2545f491);
    b = Math.imul(b, FACTOR_B) + mixed(word ^ 0x7feb352d);
    if (i >= SHINGLE) {
      const gone = words[i - SHINGLE] as number;
      a -= Math.imul(OUT_A, mixed(gone ^ 0x2545f491));
      b -= Math.imul(OUT_B, mixed(gone ^ 0x7feb352d));
    }
    if (i >= SHINGLE - 1) take(mixed(a) >>> 0, mixed(b) >>> 0);
  }
}
function mixed(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
function power(factor: number, exponent: number): number {
  return exponent === 0 ? 1 : Math.imul(factor, power(factor, exponent - 1));
}

/** A shingle as one number: 53 bits of its hashes. */
const numberOf = (a: number, b: number): number => (a >>> 11) * 2 ** 32 + b;

export function shingleSet(words: Uint32Array): Set<number> {
  const set = new Set<number>();
  eachShingle(words, (a, b) => set.add(numberOf(a, b)));
  return set;
}
/** The similarity of two sets: what they have in common over what they have together. */
export function jaccard(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let both = 0;
  for (const each of a) if (b.has(each)) both++;
  return both / (a.size + b.size - both);
}

const BITS = 14;

/** How many different shingles there are, to within 1 % or so (HyperLogLog: Flajolet et al., 2007). */
export interface Distinct {
  add(a: number, b: number): void;
  estimate(): number;
  /** Those of several together: the largest of each. */
  readonly registers: Uint8Array;
}
export function openDistinct(registers = new Uint8Array(2 ** BITS)): Distinct {
  return {
    registers,
    add(a, b) {
      const register = a >>> (32 - BITS);
      const rank = Math.clz32(b) + 1;
      if (rank > (registers[register] as number)) registers[register] = rank;
    },
    estimate() {
      let sum = 0;
      let empty = 0;
      for (const each of registers) {
        sum += 2 ** -each;
        if (each === 0) empty++;
      }
      const m = registers.length;
      const raw = ((0.7213 / (1 + 1.079 / m)) * m * m) / sum;
      return empty > 0 && raw < 2.5 * m ? m * Math.log(m / empty) : raw;
    },
  };
}
