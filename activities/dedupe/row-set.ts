import type { Place } from './records.ts';

/** Some rows of the sources, each with an ordinal: how many of the set stand before it in keep order. */
export interface RowSet {
  readonly size: number;
  /** The ordinal of a row of the set. */
  ordinalOf(place: Place): number;
  /** Whether a row belongs to it. */
  has(place: Place): boolean;
  /** The row with an ordinal below `size`. */
  placeOf(ordinal: number): Place;
}
export interface RowSetBuilder {
  add(place: Place): void;
  finish(): RowSet;
}

/**
 * A set of rows as one bit for each planned row, and a count for each 32 of them: a quarter of a byte a row, and no
 * search. `rows` are those of each source.
 */
export function openRowSet(rows: readonly number[]): RowSetBuilder {
  const bases: number[] = [];
  let total = 0;
  for (const count of rows) {
    bases.push(total);
    total += count;
  }
  const bits = new Uint32Array(Math.ceil(total / 32));
  const numberOf = ({ source, row }: Place): number => (bases[source] as number) + row;
  const wordOf = (number: number): number => Math.floor(number / 32);

  function add(place: Place): void {
    if (place.source >= rows.length || place.row >= (rows[place.source] as number)) {
      throw new RangeError(`the plan has no row ${place.row} of source ${place.source}`);
    }
    const number = numberOf(place);
    const word = wordOf(number);
    bits[word] = (bits[word] as number) | (1 << (number % 32));
  }
  function finish(): RowSet {
    const before = new Uint32Array(bits.length);
    let size = 0;
    for (let i = 0; i < bits.length; i++) {
      before[i] = size;
      size += ones(bits[i] as number);
    }
    return {
      size,
      has(place) {
        const number = numberOf(place);
        return (((bits[wordOf(number)] as number) >>> (number % 32)) & 1) === 1;
      },
      ordinalOf(place) {
        const number = numberOf(place);
        const word = wordOf(number);
        const below = (bits[word] as number) & ((1 << (number % 32)) - 1);
        return (before[word] as number) + ones(below);
      },
      placeOf(ordinal) {
        const word = last(before, ordinal);
        let left = bits[word] as number;
        for (let skip = ordinal - (before[word] as number); skip > 0; skip--) left &= left - 1;
        const number = word * 32 + 31 - Math.clz32(left & -left);
        const source = last(bases, number);
        return { source, row: number - (bases[source] as number) };
      },
    };
  }
  return { add, finish };
}

/** The last index whose value is at most `value`; `values` rise, and begin with 0. */
function last(values: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = values.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((values[middle] as number) <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** How many bits of 32 are set. */
function ones(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
