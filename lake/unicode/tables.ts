import { readFileSync } from 'node:fs';

/** What `scripts/unicode-tables.py` writes; the form of a table is described there. */
interface TableFile {
  unicode: string;
  decompositions: string;
  composites: string;
  classes: string;
  lower: string;
  space: string;
  words: string;
  numbers: string;
}

/** Code point → one or more numbers. */
export type Table = Map<number, readonly number[]>;

/** `distance` between the code points of a run, `rise` of its value from one to the next. */
const RUNS: Readonly<Record<string, { distance: number; rise: number }>> = {
  '=': { distance: 1, rise: 0 },
  '*': { distance: 1, rise: 1 },
  '/': { distance: 2, rise: 2 },
};

/** Code points `first`, `first + distance`, …, `count` of them; the value rises by `rise` from one to the next. */
interface Entry {
  first: number;
  count: number;
  distance: number;
  rise: number;
  values: number[];
}

function* entriesOf(text: string): Generator<Entry> {
  let code = 0;
  for (const entry of text.split(' ')) {
    const [place = '', target = ''] = entry.split(':');
    const [gap = '', op, length = '1'] = place.split(/([=*/])/);
    const { distance, rise } = RUNS[op ?? '='] ?? { distance: 1, rise: 0 };
    const values = target.split('.').map((digits) => Number.parseInt(digits, 36));
    code += Number.parseInt(gap, 36);
    const count = Number.parseInt(length, 36);
    yield { first: code, count, distance, rise, values };
    code += distance * (count - 1) + 1;
  }
}

/** Reads one table from its string form. */
export function decodeTable(text: string): Table {
  const table: Table = new Map();
  for (const { first, count, distance, rise, values } of entriesOf(text)) {
    for (let i = 0; i < count; i++) {
      table.set(first + i * distance, i === 0 ? values : values.map((value) => value + i * rise));
    }
  }
  return table;
}

/** Reads a table of single small values as one byte for each code point; 0 where it has none. */
function decodeClasses(text: string): Uint8Array {
  const classes = new Uint8Array(0x110000);
  for (const { first, count, distance, rise, values } of entriesOf(text)) {
    for (let i = 0; i < count; i++) classes[first + i * distance] = (values[0] ?? 0) + i * rise;
  }
  return classes;
}

const file = JSON.parse(readFileSync(new URL('./tables.json', import.meta.url), 'utf8')) as TableFile;

/** The version of Unicode that every byte rests on, whatever Node, ICU or V8 a worker runs. */
export const UNICODE_VERSION: string = file.unicode;
/** Full compatibility decompositions (NFKD) of all code points but Hangul syllables. */
export const decompositions: Table = decodeTable(file.decompositions);
/** Primary composites and the pair each is made of; excluded ones are not in it. */
export const composites: Table = decodeTable(file.composites);
/** Canonical combining classes that are not 0. */
export const combiningClasses: Table = decodeTable(file.classes);
/** Lower case where it differs: simple mappings and the unconditional ones of SpecialCasing. */
export const lowerCases: Table = decodeTable(file.lower);
/** The code points with the property White_Space. */
export const whiteSpace: Table = decodeTable(file.space);
/** Classes of `wordClasses`: part of a word (letters, marks, numbers), and a word by itself. 0 is between words. */
export const IN_WORD = 1;
export const ALONE = 2;
/**
 * The class of each code point. A word by itself are ideographs, kana, and letters of the scripts of South East Asia that
 * are written without spaces.
 */
export const wordClasses: Uint8Array = decodeClasses(file.words);
/** The code points of the categories N: digits, and other signs for numbers. */
export const numbers: Table = decodeTable(file.numbers);
