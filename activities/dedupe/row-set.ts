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
  /** How many of the set are of sources before this one. */
  countBefore(source: number): number;
}
export interface RowSetBuilder {
  add(place: Place): void;
  finish(): RowSet;
}

/** A source whose rows may be of a set. */
export interface SourceRows {
  source: number;
  rows: number;
}

/**
 * A set of rows as one bit for each row that there may be, and a count for each 32 of them: a quarter of a byte a row, and
 * no search. Sources come by rising ordinals, which may leave some out.
 */
export function openRowSet(sources: readonly SourceRows[]): RowSetBuilder {
  // By ordinal: the number of its first row, and that after its last.
  const count = (sources.at(-1)?.source ?? -1) + 1;
  const starts = new Float64Array(count);
  const ends = new Float64Array(count);
  const bases: number[] = [];
  let total = 0;
  for (const { source, rows } of sources) {
    bases.push(total);
    starts[source] = total;
    total += rows;
    ends[source] = total;
  }
  const bits = new Uint32Array(Math.ceil(total / 32));
  const numberOf = ({ source, row }: Place): number => (starts[source] as number) + row;
  const knows = ({ source, row }: Place): boolean =>
    source < count && numberOf({ source, row }) < (ends[source] as number);
  const wordOf = (number: number): number => Math.floor(number / 32);

  function add(place: Place): void {
    if (!knows(place)) throw new RangeError(`there is no row ${place.row} of source ${place.source}`);
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
    const ordinalOfNumber = (number: number): number => {
      const word = wordOf(number);
      const below = (bits[word] as number) & ((1 << (number % 32)) - 1);
      return (before[word] as number) + ones(below);
    };
    return {
      size,
      has(place) {
        if (!knows(place)) return false;
        const number = numberOf(place);
        return (((bits[wordOf(number)] as number) >>> (number % 32)) & 1) === 1;
      },
      ordinalOf: (place) => ordinalOfNumber(numberOf(place)),
      countBefore(source) {
        const at = sources.findIndex((each) => each.source >= source);
        return at === -1 || bases[at] === total ? size : ordinalOfNumber(bases[at] as number);
      },
      placeOf(ordinal) {
        const word = last(before, ordinal);
        let left = bits[word] as number;
        for (let skip = ordinal - (before[word] as number); skip > 0; skip--) left &= left - 1;
        const number = word * 32 + 31 - Math.clz32(left & -left);
        const at = last(bases, number);
        return { source: (sources[at] as SourceRows).source, row: number - (bases[at] as number) };
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
