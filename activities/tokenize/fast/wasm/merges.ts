import { MERGES, RANKS } from './layout';

/** A place: left symbol and one more, right symbol, rank, result; 0 where there is none. */
export const MERGE_BYTES: usize = 16;
const NONE: u32 = 0xffffffff;
/** The golden ratio, as fractions are multiplied by it to hash. */
const K: u64 = 0x9e3779b97f4a7c15;

let table: usize = 0;
let shift: u64 = 0;
let mask: usize = 0;

/** Where the merges lie, and the logarithm of how many places they have: more than there are merges. */
export function openMerges(at: usize, log2: u32): void {
  table = at;
  shift = 64 - log2;
  mask = ((<usize>1) << log2) - 1;
}

/** The place of a pair, or the empty one where it would be. */
function placeOf(left: u32, right: u32): usize {
  const key = ((<u64>right) << 32) | (left + 1);
  let place = <usize>((key * K) >> shift);
  let at = table + place * MERGE_BYTES;
  for (let known = load<u64>(at); known !== key && known !== 0; known = load<u64>(at)) {
    place = (place + 1) & mask;
    at = table + place * MERGE_BYTES;
  }
  return at;
}

/** Of two merges of one pair the later holds, as in the library. */
export function addMerge(left: u32, right: u32, rank: u32, result: u32): void {
  const at = placeOf(left, right);
  store<u32>(at, left + 1);
  store<u32>(at, right, 4);
  store<u32>(at, rank, 8);
  store<u32>(at, result, 12);
}

/** Where the merge of a pair lies, its rank 8 bytes and its result 12 bytes behind that; 0: there is none. */
export function mergeOf(left: u32, right: u32): usize {
  const at = placeOf(left, right);
  return load<u64>(at) === 0 ? 0 : at;
}

/** Notes the merge between symbol `i` and the next. */
function look(symbols: usize, i: usize): void {
  const at = mergeOf(load<u32>(symbols + i), load<u32>(symbols + i, 4));
  store<u32>(MERGES + i, <u32>at);
  store<u32>(RANKS + i, at === 0 ? NONE : load<u32>(at, 8));
}

/** Joins a few symbols in place by the merges, best first and leftmost among equals; returns how many are left. */
export function mergeFew(symbols: usize, count: i32): i32 {
  if (count < 2) return count;
  /** Four bytes for each pair. */
  let last = (<usize>(count - 1)) << 2;
  for (let i: usize = 0; i < last; i += 4) look(symbols, i);
  while (last > 0) {
    let best: usize = 0;
    let lowest = NONE;
    for (let i: usize = 0; i < last; i += 4) {
      const rank = load<u32>(RANKS + i);
      if (rank < lowest) {
        lowest = rank;
        best = i;
      }
    }
    if (lowest === NONE) break;
    store<u32>(symbols + best, load<u32>(load<u32>(MERGES + best), 12));
    last -= 4;
    for (let i = best + 4; i <= last; i += 4) {
      store<u32>(symbols + i, load<u32>(symbols + i, 4));
      store<u32>(MERGES + i - 4, load<u32>(MERGES + i));
      store<u32>(RANKS + i - 4, load<u32>(RANKS + i));
    }
    if (best > 0) look(symbols, best - 4);
    if (best < last) look(symbols, best);
  }
  return <i32>(last >> 2) + 1;
}
