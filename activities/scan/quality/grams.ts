import type { Words } from './words.ts';

/** Instead of a number, of a run of words that stands in the text once. */
export const ONCE = -1;

/** The runs of n words of a text, for one n after the other. */
export interface Grams {
  /** For each word the number of the run that begins there, the same for equal runs, or ONCE. */
  ids: Int32Array;
  /** How often each number occurs. */
  counts: Int32Array;
  /** Runs that there are: words − n + 1. */
  length: number;
}

/**
 * Gives the runs of 1, 2, 3 … words of a text, up to `longest`. Runs are the same when their words are, letter by letter:
 * numbers stand for them, and a run of n is a run of n − 1 and a word. What begins with a run that stands in
 * the text once, or ends in such a word, does so too, and is not looked up. Each length takes time linear in the words.
 */
export function* gramsOf(text: string, words: Words, longest: number): Generator<Grams> {
  const { count } = words;
  const single = numberWords(text, words);
  const table = openTable(count);
  let { ids, counts } = single;
  yield single;
  for (let n = 2; n <= Math.min(longest, count); n++) {
    const length = count - n + 1;
    const next = new Int32Array(length);
    table.clear();
    for (let i = 0; i < length; i++) {
      const run = ids[i] as number;
      const word = single.ids[i + n - 1] as number;
      const once = run === ONCE || counts[run] === 1 || single.counts[word] === 1;
      next[i] = once ? ONCE : table.numberOf(run, word);
    }
    ids = next;
    counts = table.counts.slice(0, table.size);
    yield { ids, counts, length };
  }
}

function numberWords(text: string, { count, starts, ends }: Words): Grams {
  const ids = new Int32Array(count);
  const counts = new Int32Array(count);
  const known = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const word = text.slice(starts[i], ends[i]);
    let id = known.get(word);
    if (id === undefined) {
      id = known.size;
      known.set(word, id);
    }
    ids[i] = id;
    counts[id] = (counts[id] as number) + 1;
  }
  return { ids, counts, length: count };
}

/** Numbers for pairs of numbers, in the order in which they come; open addressing, since it is asked for every word. */
interface Table {
  size: number;
  readonly counts: Int32Array;
  clear(): void;
  numberOf(a: number, b: number): number;
}

function openTable(count: number): Table {
  let slots = 16;
  while (slots < 2 * count) slots *= 2;
  const mask = slots - 1;
  const numbers = new Int32Array(slots);
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const counts = new Int32Array(count);
  const table: Table = {
    size: 0,
    counts,
    clear() {
      table.size = 0;
      numbers.fill(0);
      counts.fill(0);
    },
    numberOf(a, b) {
      for (let slot = spread(a, b) & mask; ; slot = (slot + 1) & mask) {
        const known = (numbers[slot] as number) - 1;
        if (known < 0) {
          const number = table.size++;
          numbers[slot] = number + 1;
          first[number] = a;
          second[number] = b;
          counts[number] = 1;
          return number;
        }
        if (first[known] === a && second[known] === b) {
          counts[known] = (counts[known] as number) + 1;
          return known;
        }
      }
    },
  };
  return table;
}

/** Spreads two numbers over 32 bits (the last step of MurmurHash3). */
function spread(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
