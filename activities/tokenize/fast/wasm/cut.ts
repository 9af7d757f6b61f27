import { SHORT } from './layout';
import { scanGpt2, scanGpt4o, scanLater, scanNeighbours } from './scan';

const SPACE: u32 = 0x20;
const QUOTE: u32 = 0x27;

const GPT2: i32 = 0;
const LATER: i32 = 1;
const GPT4O: i32 = 2;
const NEIGHBOURS: i32 = 3;
let way: i32 = GPT2;
let numbers: u32 = 0;
let contractions: bool = false;

// How text is cut; by GPT-2's pattern where nothing is said.
export function cutLater(most: u32): void {
  way = LATER;
  numbers = most;
}
export function cutGpt4o(most: u32, withContractions: bool): void {
  way = GPT4O;
  numbers = most;
  contractions = withContractions;
}
/** The pairs are there already. */
export function cutNeighbours(): void {
  way = NEIGHBOURS;
}

/** Length of a space or none and letters of ASCII at `from`, when that is all of the pre-token; 0 where this does not tell. */
function plainLength(from: usize, end: usize): u32 {
  const bytes = v128.load(from);
  const letters: u32 = i8x16.bitmask(
    i8x16.le_u(i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61)), i8x16.splat(25)),
  );
  const start: u32 = u32(load<u8>(from) === SPACE);
  const run: u32 = ctz(~(letters >>> start));
  const length = start + run;
  const wide: u32 = (<u32>i8x16.bitmask(bytes) >>> length) & 1;
  if (run === 0 || <usize>length > SHORT || from + length >= end || wide !== 0) return 0;
  if (way === GPT4O) {
    // Only the first letter may be upper, and no contraction may follow.
    const lower: u32 = i8x16.bitmask(i8x16.le_u(i8x16.sub(bytes, i8x16.splat(0x61)), i8x16.splat(25)));
    if (((letters & ~lower) >>> (start + 1)) << (33 - run) !== 0 && run > 1) return 0;
    if (load<u8>(from + length) === QUOTE) return 0;
  }
  return length;
}

/** Bytes of the pre-token that begins at `from`, in a text up to `end`. */
export function lengthAt(from: usize, end: usize): usize {
  if (way !== NEIGHBOURS) {
    const plain = plainLength(from, end);
    if (plain !== 0) return plain;
  }
  if (way === GPT2) return scanGpt2(from, end) - from;
  if (way === LATER) return scanLater(from, end, numbers) - from;
  if (way === GPT4O) return scanGpt4o(from, end, numbers, contractions) - from;
  return scanNeighbours(from, end) - from;
}
