import { orderByKey } from '../../lake/exchange/sort.ts';
import { longer } from '../../lake/longer.ts';
import { type HashedWords, lowerHash, MOST_WORDS, upperHash } from './hashed-words.ts';

/**
 * Grams (runs of words) by their hash of 64 bits, each with the number of a value that it stands in. `filter` has two
 * bits for the first `prefix` words of each: most places of a text are told by one look at it.
 */
export interface GramTable {
  prefix: number;
  /** Bit n: there are grams of n words. */
  lengths: number;
  upper: Uint32Array;
  lower: Uint32Array;
  values: Uint32Array;
  filter: Uint32Array;
}

/** Bits of the filter for each gram, at least: one place in seventy passes by chance. */
const FILTER_BITS = 16;
const MIN_FILTER = 1024;

/** Numbers of 32 bits that come one after the other. */
interface Numbers {
  push(value: number): void;
  all(): Uint32Array;
}
export function openNumbers(): Numbers {
  let room = new Uint32Array(1024);
  let count = 0;
  return {
    push(value) {
      if (count === room.length) room = longer(room);
      room[count++] = value;
    },
    all: () => room.subarray(0, count),
  };
}

export interface GramTableBuilder {
  /** Takes the grams of a value: its words where they are `MOST_WORDS` or fewer, else each run of so many. */
  add(words: HashedWords, value: number): void;
  /**
   * The table; and by group how many different grams stand in more than `common` values of it. They are left out of that
   * group, being its wording and not an item's.
   */
  finish(
    groupOf: (value: number) => number,
    common: number,
  ): { table: GramTable; commonGrams: ReadonlyMap<number, number> };
}

/** Opens a table of grams that have `prefix` words at least. */
export function openGramTable(prefix: number): GramTableBuilder {
  const keys = openNumbers();
  const values = openNumbers();
  const prefixes = openNumbers();
  let lengths = 0;
  return {
    add(words, value) {
      const n = Math.min(MOST_WORDS, words.count);
      for (let i = 0; i + n <= words.count; i++) {
        keys.push(upperHash(words, i, n));
        keys.push(lowerHash(words, i, n));
        values.push(value);
        prefixes.push(upperHash(words, i, prefix));
        prefixes.push(lowerHash(words, i, prefix));
      }
      lengths |= 1 << n;
    },
    finish(groupOf, common) {
      const [hashes, owners, firsts] = [keys.all(), values.all(), prefixes.all()];
      const order = orderByKey(hashes, 2, owners.length, (a, b) => (owners[a] ?? 0) - (owners[b] ?? 0));
      const kept = openNumbers();
      const commonGrams = new Map<number, number>();
      for (let from = 0; from < order.length; ) {
        const gram = order[from] as number;
        const same = [gram];
        let to = from + 1;
        for (; to < order.length && sameKey(hashes, gram, order[to] as number); to++) {
          const next = order[to] as number;
          if (owners[next] !== owners[same.at(-1) as number]) same.push(next);
        }
        from = to;
        if (same.length <= common) {
          for (const each of same) kept.push(each);
          continue;
        }
        const groups = same.map((each) => groupOf(owners[each] as number));
        const standsIn = new Map<number, number>();
        for (const group of groups) standsIn.set(group, (standsIn.get(group) ?? 0) + 1);
        for (const [i, each] of same.entries()) {
          if ((standsIn.get(groups[i] as number) ?? 0) <= common) kept.push(each);
        }
        for (const [group, count] of standsIn) {
          if (count > common) commonGrams.set(group, (commonGrams.get(group) ?? 0) + 1);
        }
      }
      const left = kept.all();
      const table: GramTable = {
        prefix,
        lengths,
        upper: Uint32Array.from(left, (each) => hashes[2 * each] as number),
        lower: Uint32Array.from(left, (each) => hashes[2 * each + 1] as number),
        values: Uint32Array.from(left, (each) => owners[each] as number),
        filter: filterOf(left, firsts),
      };
      return { table, commonGrams };
    },
  };
}

function sameKey(keys: Uint32Array, a: number, b: number): boolean {
  return keys[2 * a] === keys[2 * b] && keys[2 * a + 1] === keys[2 * b + 1];
}

function filterOf(grams: Uint32Array, firsts: Uint32Array): Uint32Array {
  let bits = MIN_FILTER;
  while (bits < grams.length * FILTER_BITS && bits < 2 ** 31) bits *= 2;
  const filter = new Uint32Array(bits / 32);
  for (const each of grams) {
    for (const hash of [firsts[2 * each] as number, firsts[2 * each + 1] as number]) {
      const place = placeOf(filter, hash);
      filter[place >>> 5] = (filter[place >>> 5] as number) | (1 << (place & 31));
    }
  }
  return filter;
}

/** The bit of a prefix, by the upper bits of its hash. */
const placeOf = (filter: Uint32Array, hash: number): number => hash >>> Math.clz32(filter.length * 32 - 1);

function hasBit(filter: Uint32Array, hash: number): boolean {
  const place = placeOf(filter, hash);
  return ((filter[place >>> 5] as number) & (1 << (place & 31))) !== 0;
}

/** Calls `found` for each gram that begins at word `i`: its row in the table, and its words. */
export function gramsAt(
  table: GramTable,
  words: HashedWords,
  i: number,
  found: (row: number, n: number) => void,
): void {
  const { prefix, lengths, filter, upper, lower } = table;
  if (i + prefix > words.count) return;
  if (!hasBit(filter, upperHash(words, i, prefix)) || !hasBit(filter, lowerHash(words, i, prefix))) return;
  for (let n = prefix; n <= MOST_WORDS && i + n <= words.count; n++) {
    if ((lengths & (1 << n)) === 0) continue;
    const hi = upperHash(words, i, n);
    const lo = lowerHash(words, i, n);
    let row = firstAtLeast(upper, hi);
    for (; upper[row] === hi && (lower[row] as number) < lo; row++);
    for (; upper[row] === hi && lower[row] === lo; row++) found(row, n);
  }
}

/** The first place in sorted numbers whose number is `least` or more. */
function firstAtLeast(sorted: Uint32Array, least: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as number) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}
