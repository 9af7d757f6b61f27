/** A merge of byte-pair encoding: symbols `left` and `right` side by side become `result`; earlier ones in the list go first. */
export interface Merge {
  left: number;
  right: number;
  result: number;
}

/** Merges as they lie in a memory. */
export interface Merges {
  /** Where the merge of two symbols lies, 0 when there is none. */
  find(left: number, right: number): number;
  rank(at: number): number;
  result(at: number): number;
}

/** Joins any number of symbols in place by the merges, best first and leftmost among equals; returns how many are left. */
export function mergeMany(symbols: Uint32Array, count: number, merges: Merges): number {
  const next = Int32Array.from({ length: count }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  /** The merge that a symbol has with the one behind it; what the heap says otherwise is out of date. */
  const merge = new Uint32Array(count);
  const heap = openHeap(count);
  function look(i: number): void {
    const behind = next[i] as number;
    const at = behind < count ? merges.find(symbols[i] as number, symbols[behind] as number) : 0;
    merge[i] = at;
    if (at > 0) heap.push(merges.rank(at), i);
  }
  for (let i = 0; i + 1 < count; i++) look(i);
  while (heap.pop()) {
    const i = heap.place;
    const at = merge[i] as number;
    if (at === 0 || merges.rank(at) !== heap.rank) continue;
    const gone = next[i] as number;
    symbols[i] = merges.result(at);
    merge[gone] = 0;
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
