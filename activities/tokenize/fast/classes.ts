import { readFileSync } from 'node:fs';
import { wideAt, widthOf } from './utf8.ts';

/** Code points of Unicode, surrogates included. */
export const CODE_POINTS = 0x110000;

/**
 * What the patterns of tokenizers tell apart. `unstable` is a flag on top of a class: a text with such a code point may not
 * be what NFC makes of it.
 */
export const CLASS = {
  other: 0,
  /** `\p{Lu}`, `\p{Lt}` */
  upper: 1,
  /** `\p{Ll}` */
  lower: 2,
  /** `\p{Lm}`, `\p{Lo}` */
  caseless: 3,
  /** `\p{M}` */
  mark: 4,
  /** `\p{N}` */
  number: 5,
  /** `\s` */
  space: 6,
  unstable: 8,
} as const;

/** A class table as text: `length in base 36` + `class in base 16` for each run of equal classes, split by spaces. */
export function packClasses(classes: Uint8Array): string {
  const runs: string[] = [];
  for (let from = 0; from < classes.length; ) {
    let to = from;
    while (to < classes.length && classes[to] === classes[from]) to++;
    runs.push(`${(to - from).toString(36)}${(classes[from] as number).toString(16)}`);
    from = to;
  }
  return runs.join(' ');
}

export function unpackClasses(text: string): Uint8Array {
  const classes = new Uint8Array(CODE_POINTS);
  let at = 0;
  for (const run of text.split(' ')) {
    const length = Number.parseInt(run.slice(0, -1), 36);
    classes.fill(Number.parseInt(run.slice(-1), 16), at, at + length);
    at += length;
  }
  return classes;
}

let table: Uint8Array | undefined;

/** The class of each code point, as the library of `scripts/tokenizer-classes.ts` sees it. */
export function classTable(): Uint8Array {
  table ??= unpackClasses(readClassFile().classes);
  return table;
}

/** Whether NFC surely leaves a text as it is: UTF-8 bytes [from, end). */
export function isStable(bytes: Uint8Array, from: number, end: number): boolean {
  const classes = classTable();
  for (let at = from; at < end; ) {
    const byte = bytes[at] as number;
    if (byte < 0x80) {
      at++;
      continue;
    }
    if (((classes[wideAt(bytes, at)] as number) & CLASS.unstable) !== 0) return false;
    at += widthOf(byte);
  }
  return true;
}

/** The table's file: which library it is of, and the packed classes. */
export function readClassFile(): { library: string; classes: string } {
  const text = readFileSync(new URL('./classes.json', import.meta.url), 'utf8');
  return JSON.parse(text) as { library: string; classes: string };
}
