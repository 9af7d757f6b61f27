import { CASED, CLASSES, PLAIN } from './layout';

/** Kinds of the patterns that know letters, numbers, white space and the rest. */
export const REST: i32 = 0;
export const LETTER: i32 = 1;
export const NUMBER: i32 = 2;
export const WHITE: i32 = 3;
/** Kinds of GPT-4o's pattern besides: letters by case. */
export const UPPER: i32 = 4;
export const LOWER: i32 = 5;
export const BOTH: i32 = 6;
export const MARK: i32 = 7;
/** What stands for a byte that begins a letter of several bytes. */
export const WIDE: i32 = 0xff;

/** Kinds of the classes of `classes.ts`, in its order. */
const PLAIN_KINDS: StaticArray<i32> = [REST, LETTER, LETTER, LETTER, REST, NUMBER, WHITE];
const CASED_KINDS: StaticArray<i32> = [REST, UPPER, LOWER, BOTH, MARK, NUMBER, WHITE];
/** Classes, and the same of unstable letters. */
const CLASS_MASK: usize = 7;

/** Makes the tables of kinds from the classes. */
export function fillKinds(): void {
  fill(PLAIN, PLAIN_KINDS);
  fill(CASED, CASED_KINDS);
}

function fill(at: usize, kinds: StaticArray<i32>): void {
  for (let i: usize = 0; i < 16; i++) {
    const letterClass = <i32>(i & CLASS_MASK);
    if (letterClass < kinds.length) store<u8>(at + i, unchecked(kinds[letterClass]), 256);
  }
  memory.fill(at, <u8>WIDE, 256);
  for (let i: usize = 0; i < 128; i++) store<u8>(at + i, load<u8>(at + load<u8>(CLASSES + i), 256));
}
