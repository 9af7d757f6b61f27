/** A merge of byte-pair encoding: symbols `left` and `right` side by side become `result`; earlier ones in the list go first. */
export interface Merge {
  left: number;
  right: number;
  result: number;
}

/** Joins symbols in place by the merges, best first and leftmost among equals; returns how many are left. */
export type ApplyMerges = (symbols: Int32Array, count: number) => number;

/** Up to this many symbols the best merge is looked for anew each time; behind it a heap has them in order. */
const FEW = 40;
const NONE = 0x7fffffff;

/** Of two merges of one pair the later holds, as in the library. */
export function openMerges(merges: readonly Merge[]): ApplyMerges {
  let size = 1024;
  while (size < merges.length * 3) size *= 2;
  const mask = size - 1;
  /** For each place: left, right, rank, result. */
  const table = new Int32Array(size * 4).fill(-1);
  const placeOf = (left: number, right: number): number => {
    let place = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    place = (place ^ (place >>> 15)) & mask;
    for (;;) {
      const at = place << 2;
      const known = table[at] as number;
      if (known < 0 || (known === left && table[at + 1] === right)) return at;
      place = (place + 1) & mask;
    }
  };
  for (const [rank, { left, right, result }] of merges.entries()) {
    const at = placeOf(left, right);
    table[at] = left;
    table[at + 1] = right;
    table[at + 2] = rank;
    table[at + 3] = result;
  }
  /** Place of the merge of a pair, or -1. */
  const find = (left: number, right: number): number => {
    const at = placeOf(left, right);
    return (table[at] as number) < 0 ? -1 : at;
  };
  const rankAt = (at: number): number => (at < 0 ? NONE : (table[at + 2] as number));

  /** Places of the merges between neighbours. */
  const between = new Int32Array(FEW);
  function applyToFew(symbols: Int32Array, count: number): number {
    let left = count;
    for (let i = 0; i + 1 < left; i++) between[i] = find(symbols[i] as number, symbols[i + 1] as number);
    while (left > 1) {
      let best = -1;
      let lowest = NONE;
      for (let i = 0; i + 1 < left; i++) {
        const rank = rankAt(between[i] as number);
        if (rank < lowest) {
          lowest = rank;
          best = i;
        }
      }
      if (best < 0) break;
      symbols[best] = table[(between[best] as number) + 3] as number;
      left--;
      for (let i = best + 1; i < left; i++) {
        symbols[i] = symbols[i + 1] as number;
        between[i - 1] = between[i] as number;
      }
      if (best > 0) between[best - 1] = find(symbols[best - 1] as number, symbols[best] as number);
      if (best + 1 < left) between[best] = find(symbols[best] as number, symbols[best + 1] as number);
    }
    return left;
  }
  function applyToMany(symbols: Int32Array, count: number): number {
    const next = Int32Array.from({ length: count }, (_, i) => i + 1);
    const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
    /** The merge that a symbol has with the one behind it; what the heap says otherwise is out of date. */
    const merge = new Int32Array(count).fill(-1);
    const heap = openHeap(count);
    function look(i: number): void {
      const behind = next[i] as number;
      const at = behind < count ? find(symbols[i] as number, symbols[behind] as number) : -1;
      merge[i] = at;
      if (at >= 0) heap.push(rankAt(at), i);
    }
    for (let i = 0; i + 1 < count; i++) look(i);
    while (heap.pop()) {
      const i = heap.place;
      const at = merge[i] as number;
      if (at < 0 || rankAt(at) !== heap.rank) continue;
      const gone = next[i] as number;
      symbols[i] = table[at + 3] as number;
      merge[gone] = -1;
      const behind = next[gone] as number;
      next[i] = behind;
      if (behind < count) previous[behind] = i;
      look(i);
      const before = previous[i] as number;
      if (before >= 0) look(before);
    }
    let left = 0;
    for (let i = 0; i < count; i = next[i] as number) symbols[left++] = symbols[i] as number;
    return left;
  }
  return (symbols, count) => (count <= FEW ? applyToFew(symbols, count) : applyToMany(symbols, count));
}

/** Ranks and places, the lowest rank first and the lowest place among equals. */
function openHeap(capacity: number) {
  // A rank and a place in one number, exactly: ranks under 2^21, places under 2^32.
  const PLACES = 2 ** 32;
  let items = new Float64Array(capacity);
  let size = 0;
  const heap = {
    rank: 0,
    place: 0,
    push(rank: number, place: number): void {
      if (size === items.length) {
        const larger = new Float64Array(size * 2);
        larger.set(items);
        items = larger;
      }
      const item = rank * PLACES + place;
      let i = size++;
      while (i > 0) {
        const parent = (i - 1) >> 1;
        if ((items[parent] as number) <= item) break;
        items[i] = items[parent] as number;
        i = parent;
      }
      items[i] = item;
    },
    /** Takes the first into `rank` and `place`; false when there is none. */
    pop(): boolean {
      if (size === 0) return false;
      const first = items[0] as number;
      const item = items[--size] as number;
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= size) break;
        if (child + 1 < size && (items[child + 1] as number) < (items[child] as number)) child++;
        if ((items[child] as number) >= item) break;
        items[i] = items[child] as number;
        i = child;
      }
      items[i] = item;
      heap.rank = Math.floor(first / PLACES);
      heap.place = first % PLACES;
      return true;
    },
  };
  return heap;
}
