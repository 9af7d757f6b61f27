import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import type { BenchmarkField } from '../../workflows/contract.ts';
import { type GramTable, openGramTable } from './gram-table.ts';
import { type HashedWords, hashWords, joined, LEAST_WORDS } from './hashed-words.ts';

export const FIELDS = [
  'question',
  'answer',
  'options',
  'context',
] as const satisfies readonly BenchmarkField[];

/** An item of an evaluation set: what stands in each of its declared fields. */
export interface Item {
  /** Number of its object among those of all sets. */
  object: number;
  /** Its row, from 0; in JSONL its line, from 1. */
  row: number;
  values: Partial<Record<BenchmarkField, readonly string[]>>;
}

/** All fields of all sets by their words. A value is the words of a field, once for all items of a set that have the same. */
export interface BenchmarkIndex {
  sets: readonly string[];
  /** Keys of objects. */
  objects: readonly string[];
  /** Of each value: its set, its field (its number in `FIELDS`), its grams, how many items have it. */
  setOf: Uint8Array;
  fieldOf: Uint8Array;
  gramsOf: Uint32Array;
  itemsOf: Uint32Array;
  /** Items of value v: those from `firstItem[v]` to `firstItem[v + 1]`, `ITEMS_KEPT` at most. */
  firstItem: Uint32Array;
  itemObject: Uint32Array;
  itemRow: Uint32Array;
  /** Grams of fields that match by themselves. */
  grams: GramTable;
  /** Questions of fewer words, whole; each needs one of the answers of its value beside it. */
  short: GramTable;
  /** Words of the answers of short questions, by value. */
  answers: ReadonlyMap<number, readonly string[]>;
}

/** What there is of a set. */
export interface SetCounts {
  items: number;
  /** Different values that can match, short questions with an answer among them. */
  values: number;
  /** Fields of items with too few words to match by themselves, those of short questions with an answer left out. */
  tooShort: number;
  grams: number;
  commonGrams: number;
}

/** Items of a value that a match names at most. */
export const ITEMS_KEPT = 100;
/** A gram in more different values of one field of a set is the wording of the set, as "choose the right answer", and no item's. */
export const COMMON = 10;

export interface IndexBuilder {
  /** Takes the next item of set number `set`; all of a set come before those of the next. */
  add(set: number, item: Item): void;
  finish(objects: readonly string[]): { index: BenchmarkIndex; counts: SetCounts[] };
}

interface Value {
  set: number;
  field: number;
  items: number;
  kept: { object: number; row: number }[];
}

/** Opens an index of sets by their names. Holds all grams, and the hash of every value. */
export function openIndex(sets: readonly string[]): IndexBuilder {
  const values: Value[] = [];
  const known = new Map<string, number>();
  const answers = new Map<number, readonly string[]>();
  const grams = openGramTable(LEAST_WORDS);
  /** Short questions, folded, and their values; the filter of their table rests on the shortest. */
  const questions: { value: number; folded: string }[] = [];
  let shortest = LEAST_WORDS;
  const counts = sets.map((): SetCounts => ({ items: 0, values: 0, tooShort: 0, grams: 0, commonGrams: 0 }));

  /** Notes that an item has a value; the number of one that is new. */
  function enter(set: number, field: number, name: string, { object, row }: Item): number | undefined {
    const key = `${set} ${field} ${name}`;
    const there = known.get(key);
    const number = there ?? values.length;
    if (there === undefined) {
      known.set(key, number);
      values.push({ set, field, items: 0, kept: [] });
    }
    const value = values[number] as Value;
    const last = value.kept.at(-1);
    if (last?.object !== object || last.row !== row) {
      value.items++;
      if (value.kept.length < ITEMS_KEPT) value.kept.push({ object, row });
    }
    return there === undefined ? number : undefined;
  }
  return {
    add(set, item) {
      const count = counts[set] as SetCounts;
      count.items++;
      const answered = [...new Set((item.values.answer ?? []).map(wordsOf))].filter((each) => each !== '');
      for (const [field, name] of FIELDS.entries()) {
        for (const text of item.values[name] ?? []) {
          const words = hashWords(normaliseForDedupe(text));
          if (words.count >= LEAST_WORDS) {
            const value = enter(set, field, nameOf(words), item);
            if (value !== undefined) grams.add(words, value);
          } else if (name === 'question' && words.count > 0 && answered.length > 0) {
            const value = enter(set, field, JSON.stringify([nameOf(words), answered]), item);
            if (value === undefined) continue;
            questions.push({ value, folded: words.folded });
            shortest = Math.min(shortest, words.count);
            answers.set(value, answered);
          } else {
            count.tooShort++;
          }
        }
      }
    },
    finish(objects) {
      const groupOf = (value: number): number => {
        const { set, field } = values[value] as Value;
        return set * FIELDS.length + field;
      };
      const short = openGramTable(shortest);
      for (const { value, folded } of questions) short.add(hashWords(folded), value);
      const tables = [grams.finish(groupOf, COMMON), short.finish(groupOf, COMMON)] as const;
      const gramsOf = new Uint32Array(values.length);
      for (const { table, commonGrams } of tables) {
        for (const value of table.values) gramsOf[value] = (gramsOf[value] as number) + 1;
        for (const [group, n] of commonGrams) {
          (counts[Math.floor(group / FIELDS.length)] as SetCounts).commonGrams += n;
        }
      }
      for (const [number, { set }] of values.entries()) {
        const count = counts[set] as SetCounts;
        count.grams += gramsOf[number] as number;
        if ((gramsOf[number] as number) > 0) count.values++;
      }
      return { index: { sets, objects, ...columnsOf(values), gramsOf, ...named(tables), answers }, counts };
    },
  };
}

type Tables = readonly [{ table: GramTable }, { table: GramTable }];
const named = ([grams, short]: Tables): Pick<BenchmarkIndex, 'grams' | 'short'> => ({
  grams: grams.table,
  short: short.table,
});

function columnsOf(values: readonly Value[]) {
  const firstItem = new Uint32Array(values.length + 1);
  for (const [number, { kept }] of values.entries()) {
    firstItem[number + 1] = (firstItem[number] as number) + kept.length;
  }
  const items = values.flatMap(({ kept }) => kept);
  return {
    setOf: Uint8Array.from(values, ({ set }) => set),
    fieldOf: Uint8Array.from(values, ({ field }) => field),
    itemsOf: Uint32Array.from(values, (each) => each.items),
    firstItem,
    itemObject: Uint32Array.from(items, ({ object }) => object),
    itemRow: Uint32Array.from(items, ({ row }) => row),
  };
}

/** What makes two values the same: the hash of all their words. */
const nameOf = ({ a, b, count }: HashedWords): string => `${a[count]} ${b[count]} ${count}`;

/** The words of a text, one space between two. */
function wordsOf(text: string): string {
  const words = hashWords(normaliseForDedupe(text));
  return joined(words, 0, words.count);
}
