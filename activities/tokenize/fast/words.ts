import type { Scan } from './scan.ts';

/** What becomes of the bytes of a pre-token that is not known yet: its ids, into `symbols`; returns how many. */
export type Spell = (bytes: Uint8Array, from: number, end: number, symbols: Int32Array) => number;

/** Bytes of a pre-token that is kept; longer ones are made anew each time. */
const LONGEST = 64;
/** Places of the table, bytes of longer words and ids of words of several tokens that are kept at most: 8 MB in all. */
const PLACES = 2 ** 18;
const ARENA = 2 ** 21;
const LISTS = 2 ** 19;
/** Bytes that a buffer must have behind the text, so that words can be read eight bytes at a time. */
export const SLACK = 8;

/** Which bits of the first four bytes, and of the next four, are of a word of so many bytes. */
const FIRST_MASKS = Int32Array.from([0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1]);
const SECOND_MASKS = Int32Array.from([0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1]);

/** Ids and ends of the tokens of texts, one text after the other. Grows as it must. */
export interface TokenSink {
  ids: Uint32Array;
  ends: Uint32Array;
  count: number;
}

/**
 * Pre-tokens that have been seen, and their ids: a table of open addressing in typed arrays. A word of up to eight bytes is its own
 * key. It is bounded: when it is full, it is emptied. `lengths`: bytes of text behind each id.
 */
export function openWords(scan: Scan, spell: Spell, lengths: Uint32Array) {
  /** For each place: the first eight bytes, or hash and place in the arena; length in bytes (0: empty); id, or ~place in the lists. */
  const table = new Int32Array(PLACES * 4);
  const arena = new Uint8Array(ARENA + SLACK);
  const arenaView = new DataView(arena.buffer);
  /** Number of ids, then the ids. */
  const lists = new Int32Array(LISTS);
  let used = 0;
  let arenaUsed = 0;
  let listsUsed = 0;
  let symbols = new Int32Array(256);

  function forget(): void {
    table.fill(0);
    used = 0;
    arenaUsed = 0;
    listsUsed = 0;
  }

  function room(sink: TokenSink, more: number): void {
    if (sink.count + more <= sink.ids.length) return;
    const size = Math.max(sink.ids.length * 2, sink.count + more);
    const ids = new Uint32Array(size);
    ids.set(sink.ids);
    sink.ids = ids;
    const ends = new Uint32Array(size);
    ends.set(sink.ends);
    sink.ends = ends;
  }

  /** Spells a new word, keeps it at `place` unless it is long, and puts it into the sink. */
  function learn(
    bytes: Uint8Array,
    from: number,
    end: number,
    sink: TokenSink,
    place: number,
    first: number,
    second: number,
    offset: number,
  ): void {
    const length = end - from;
    if (symbols.length < length) symbols = new Int32Array(length * 2);
    const count = spell(bytes, from, end, symbols);
    room(sink, count);
    let at = from - offset;
    for (let i = 0; i < count; i++) {
      const id = symbols[i] as number;
      at += lengths[id] as number;
      sink.ids[sink.count] = id;
      sink.ends[sink.count++] = at;
    }
    if (length > LONGEST) return;
    if (used * 2 >= PLACES || arenaUsed + length > ARENA || listsUsed + count + 1 > LISTS) {
      // The place is of the table as it was: the word is learnt when it comes again.
      forget();
      return;
    }
    used++;
    table[place + 2] = length;
    if (length <= 8) {
      table[place] = first;
      table[place + 1] = second;
    } else {
      table[place] = first;
      table[place + 1] = arenaUsed;
      arena.set(bytes.subarray(from, end), arenaUsed);
      arenaUsed += length;
    }
    if (count === 1) table[place + 3] = symbols[0] as number;
    else {
      table[place + 3] = ~listsUsed;
      lists[listsUsed++] = count;
      for (let i = 0; i < count; i++) lists[listsUsed++] = symbols[i] as number;
    }
  }

  /** Puts the tokens of the words of [start, stop) into the sink; their ends are told from `offset` on. */
  function putWords(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    stop: number,
    sink: TokenSink,
    offset: number,
  ): void {
    // What the loop works on is in variables of its own; learning a word, and making room, may change the sink.
    let { ids, ends, count } = sink;
    let end = start;
    for (let from = start; from < stop; from = end) {
      end = scan(bytes, from, stop);
      const length = end - from;
      let first = 0;
      let second = 0;
      let hash = 0;
      if (length <= 8) {
        first = view.getInt32(from, true) & (FIRST_MASKS[length] as number);
        second = view.getInt32(from + 4, true) & (SECOND_MASKS[length] as number);
        hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
      } else if (length <= LONGEST) {
        hash = length;
        const whole = end - 4;
        for (let at = from; at < whole; at += 4) {
          hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
          hash ^= hash >>> 15;
        }
        hash = Math.imul(hash ^ view.getInt32(whole, true), 0x9e3779b1);
        first = hash;
      }
      let place = ((hash ^ (hash >>> 15)) & (PLACES - 1)) << 2;
      let known = 0;
      if (length <= LONGEST) {
        for (; ; place = (place + 4) & (PLACES * 4 - 1)) {
          known = table[place + 2] as number;
          if (known === 0) break;
          if (known !== length || table[place] !== first) continue;
          if (length <= 8) {
            if (table[place + 1] === second) break;
          } else if (same(view, from, arenaView, table[place + 1] as number, length)) break;
        }
      }
      if (known === 0) {
        sink.count = count;
        learn(bytes, from, end, sink, place, first, second, offset);
        ({ ids, ends, count } = sink);
        continue;
      }
      const value = table[place + 3] as number;
      if (value >= 0) {
        if (count === ids.length) {
          sink.count = count;
          room(sink, 1);
          ({ ids, ends } = sink);
        }
        ids[count] = value;
        ends[count++] = end - offset;
        continue;
      }
      let list = ~value;
      const more = lists[list++] as number;
      if (count + more > ids.length) {
        sink.count = count;
        room(sink, more);
        ({ ids, ends } = sink);
      }
      let at = from - offset;
      for (const last = list + more; list < last; list++) {
        const id = lists[list] as number;
        at += lengths[id] as number;
        ids[count] = id;
        ends[count++] = at;
      }
    }
    sink.count = count;
  }
  /** Puts one token into the sink. */
  function putToken(sink: TokenSink, id: number, end: number): void {
    room(sink, 1);
    sink.ids[sink.count] = id;
    sink.ends[sink.count++] = end;
  }
  return { putWords, putToken };
}

/** Whether `length` bytes, more than eight, are the same. */
function same(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  const whole = length - 4;
  for (let i = 0; i < whole; i += 4)
    if (a.getInt32(from + i, true) !== b.getInt32(at + i, true)) return false;
  return a.getInt32(from + whole, true) === b.getInt32(at + whole, true);
}
