import { lengthAt } from './cut';
import { fillKinds } from './kinds';
import {
  ARENA,
  ARENA_BYTES,
  BYTE_IDS,
  LIST_IDS,
  LISTS,
  LONGEST,
  MASKS,
  PLACE_BYTES,
  PLACES_LOG2,
  SHORT,
  TABLE,
} from './layout';
import { mergeFew } from './merges';

export { cutGpt4o, cutLater, cutNeighbours } from './cut';
export { BYTE_IDS, CLASSES, FREE, PAIRS, SLACK, SPARE_TOKENS } from './layout';
export { addMerge, MERGE_BYTES, mergeOf, openMerges } from './merges';

/** The symbols of a pre-token before any merge, from `ids` on, where they are not those of its bytes. Returns how many. */
declare function symbolsOf(from: usize, end: usize, ids: usize): i32;
/** Applies merges to more symbols than a few; returns how many are left. */
declare function mergeMany(ids: usize, count: i32): i32;

const PLACES: u32 = 1 << (<u32>PLACES_LOG2);
/** A place: a key of sixteen bytes; up to four tokens, id and length in one number. Length 0: see `put`. */
const ID_BITS: u32 = 24;
const ID_MASK: u32 = (1 << ID_BITS) - 1;
const MANY: u32 = 4;
/** The last byte of the key of a word that is too long to be its own key; that of the others is their length. */
const HASHED: u64 = 0xff;
const K1: u64 = 0x9e3779b97f4a7c15;
const K2: u64 = 0xc2b2ae3d27d4eb4f;

let lengthsAt: usize = 0;
let idsAt: usize = 0;
let endsAt: usize = 0;
/** Places, bytes of the arena and ids in the lists that are taken. */
let used: u32 = 0;
let arenaUsed: usize = 0;
let listsUsed: usize = 0;

/** Where the bytes behind each id and the tokens of texts lie. The classes are there already. */
export function open(lengths: usize, ids: usize, ends: usize): void {
  lengthsAt = lengths;
  idsAt = ids;
  endsAt = ends;
  fillKinds();
  for (let length: usize = 0; length <= SHORT; length++) memory.fill(MASKS + length * 16, 0xff, length);
}

function forget(): void {
  memory.fill(TABLE, 0, <usize>PLACES * PLACE_BYTES);
  used = 0;
  arenaUsed = 0;
  listsUsed = 0;
}

function mixed(low: u64, high: u64): u64 {
  const half = (low * K1) ^ high;
  return (half ^ (half >> 32)) * K2;
}

/** Of more than fifteen bytes. */
function hashOf(from: usize, length: usize): u64 {
  const last = from + length - 8;
  let hash: u64 = length;
  for (let at = from; at < last; at += 8) hash = mixed(load<u64>(at), hash);
  return mixed(load<u64>(last), hash);
}

/** Spells the word of [from, from + length) from `ids` on, where there is room for an id for each byte; returns how many there are. */
function spell(from: usize, length: usize, ids: usize): u32 {
  let count = <i32>length;
  for (let i: usize = 0; i < length; i++) {
    const id = load<i32>(BYTE_IDS + ((<usize>load<u8>(from + i)) << 2));
    if (id < 0) {
      count = symbolsOf(from, from + length, ids);
      break;
    }
    store<i32>(ids + (i << 2), id);
  }
  return count <= <i32>LONGEST ? mergeFew(ids, count) : mergeMany(ids, count);
}

/** The same behind the tokens that are there; returns how many there are then. */
function make(from: usize, length: usize, offset: usize, count: u32): u32 {
  return count + ended(from - offset, count, spell(from, length, idsAt + ((<usize>count) << 2)));
}

/** Writes the ends of `more` tokens behind `count` others. */
function ended(from: usize, count: u32, more: u32): u32 {
  let end = <u32>from;
  for (let i = count; i < count + more; i++) {
    const at = (<usize>i) << 2;
    end += load<u32>(lengthsAt + ((<usize>load<u32>(idsAt + at)) << 2));
    store<u32>(endsAt + at, end);
  }
  return more;
}

/** The same, and keeps the word at `place`. */
function learn(
  from: usize,
  length: usize,
  place: usize,
  low: u64,
  high: u64,
  offset: usize,
  count: u32,
): u32 {
  const after = make(from, length, offset, count);
  const more = after - count;
  if (used * 2 >= PLACES || arenaUsed + length > ARENA_BYTES || listsUsed + more > LIST_IDS) {
    // The place is of the table as it was: the word is learnt when it comes again.
    forget();
    return after;
  }
  let many = more > MANY;
  for (let i = count; i < after; i++) many = many || load<u32>(idsAt + ((<usize>i) << 2)) > ID_MASK;
  used++;
  store<u64>(place, low);
  store<u64>(place, length > SHORT ? high | <u64>arenaUsed : high, 8);
  if (length > SHORT) {
    memory.copy(ARENA + arenaUsed, from, length);
    arenaUsed += length;
  }
  const first = idsAt + ((<usize>count) << 2);
  if (many) {
    store<u32>(place, <u32>listsUsed, 16);
    store<u32>(place, more, 20);
    memory.copy(LISTS + (listsUsed << 2), first, (<usize>more) << 2);
    listsUsed += more;
    return after;
  }
  for (let i: usize = 0; i < more; i++) {
    const id = load<u32>(first + (i << 2));
    store<u32>(place + (i << 2), id | (load<u32>(lengthsAt + ((<usize>id) << 2)) << ID_BITS), 16);
  }
  return after;
}

/** Puts the tokens of the words of [start, end) behind the `count` that are there; their ends are told from `offset` on. */
export function putWords(start: usize, end: usize, offset: usize, tokens: u32): u32 {
  let count = tokens;
  let length: usize = 0;
  for (let from = start; from < end; from += length) {
    length = lengthAt(from, end);
    if (length > LONGEST) {
      count = make(from, length, offset, count);
      continue;
    }
    let low: u64;
    let high: u64;
    let hash: u64;
    if (length <= SHORT) {
      low = load<u64>(from) & load<u64>(MASKS + length * 16);
      high = (load<u64>(from, 8) & load<u64>(MASKS + length * 16, 8)) | ((<u64>length) << 56);
      hash = mixed(low, high);
    } else {
      hash = low = hashOf(from, length);
      high = (HASHED << 56) | ((<u64>length) << 48);
    }
    let place = TABLE + <usize>(hash >> (64 - PLACES_LOG2)) * PLACE_BYTES;
    for (;;) {
      const known = load<u64>(place, 8);
      if (
        length <= SHORT
          ? known === high && load<u64>(place) === low
          : same(place, known, from, length, low, high)
      ) {
        count = put(place, from - offset, count);
        break;
      }
      if (known === 0) {
        count = learn(from, length, place, low, high, offset, count);
        break;
      }
      place += PLACE_BYTES;
      if (place === ARENA) place = TABLE;
    }
  }
  return count;
}

/** Whether a place is of a word that is too long to be its own key. */
function same(place: usize, known: u64, from: usize, length: usize, low: u64, high: u64): bool {
  if (known >> 48 !== high >> 48 || load<u64>(place) !== low) return false;
  return memory.compare(ARENA + <usize>(known & 0xffffffff), from, length) === 0;
}

/** Puts the tokens of a known word behind `count` others. */
function put(place: usize, from: usize, count: u32): u32 {
  const tokens = v128.load(place, 16);
  const lengths = i32x4.shr_u(tokens, ID_BITS);
  const at = (<usize>count) << 2;
  // Sums of the lengths up to each token. What stands behind the last token is written over by the next word's.
  const zero = i32x4.splat(0);
  const pairs = i32x4.add(
    lengths,
    i8x16.shuffle(zero, lengths, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27),
  );
  const sums = i32x4.add(
    pairs,
    i8x16.shuffle(zero, pairs, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23),
  );
  v128.store(idsAt + at, v128.and(tokens, i32x4.splat(ID_MASK)));
  v128.store(endsAt + at, i32x4.add(i32x4.splat(<i32>from), sums));
  const more = popcnt(i32x4.bitmask(i32x4.ne(lengths, zero)));
  if (more !== 0) return count + more;
  // A word of many tokens: where they begin in the lists, and how many they are.
  const many = load<u32>(place, 20);
  memory.copy(idsAt + at, LISTS + ((<usize>load<u32>(place, 16)) << 2), (<usize>many) << 2);
  return count + ended(from, count, many);
}
