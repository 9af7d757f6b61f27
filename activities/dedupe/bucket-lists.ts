import { longer } from '../../lake/longer.ts';

const EMPTY = 0xffffffff;

/** For each key (64 bits, in two halves) the slots of the first kept documents that have it. */
export interface BucketLists {
  /** Whether the list of a key has no room for more. */
  isFull(hi: number, lo: number): boolean;
  /** Adds a slot to the list of a key. */
  add(hi: number, lo: number, slot: number): void;
  /** The newest node of a list; `NO_NODE` where there is none. */
  head(hi: number, lo: number): number;
  slotOf(node: number): number;
  /** The node before; `NO_NODE` at the end. */
  before(node: number): number;
}
export const NO_NODE = EMPTY;

/**
 * An open-addressing table of lists, `limit` slots each at most: 16 bytes for a place of the table, at most half of which are
 * taken, and 8 for each slot of a list. Keys are spread evenly, as hashes are.
 */
export function openBucketLists(limit: number): BucketLists {
  let size = 1024;
  let used = 0;
  let his = new Uint32Array(size);
  let los = new Uint32Array(size);
  let counts = new Uint32Array(size);
  let heads = new Uint32Array(size).fill(EMPTY);
  let nodes = 0;
  let slots = new Uint32Array(1024);
  let befores = new Uint32Array(1024);

  /** Where a key stands, or the free place where it belongs. */
  function placeOf(hi: number, lo: number): number {
    let at = hi & (size - 1);
    while (heads[at] !== EMPTY && (his[at] !== hi || los[at] !== lo)) at = (at + 1) & (size - 1);
    return at;
  }
  function grow(): void {
    const [oldHis, oldLos, oldCounts, oldHeads] = [his, los, counts, heads];
    size *= 2;
    his = new Uint32Array(size);
    los = new Uint32Array(size);
    counts = new Uint32Array(size);
    heads = new Uint32Array(size).fill(EMPTY);
    for (let i = 0; i < oldHeads.length; i++) {
      if (oldHeads[i] === EMPTY) continue;
      const at = placeOf(oldHis[i] as number, oldLos[i] as number);
      his[at] = oldHis[i] as number;
      los[at] = oldLos[i] as number;
      counts[at] = oldCounts[i] as number;
      heads[at] = oldHeads[i] as number;
    }
  }
  return {
    isFull: (hi, lo) => (counts[placeOf(hi, lo)] as number) >= limit,
    add(hi, lo, slot) {
      const at = placeOf(hi, lo);
      const head = heads[at] as number;
      his[at] = hi;
      los[at] = lo;
      counts[at] = (counts[at] as number) + 1;
      if (nodes === slots.length) {
        slots = longer(slots);
        befores = longer(befores);
      }
      slots[nodes] = slot;
      befores[nodes] = head;
      heads[at] = nodes++;
      if (head === EMPTY && ++used * 2 > size) grow();
    },
    head: (hi, lo) => heads[placeOf(hi, lo)] as number,
    slotOf: (node) => slots[node] as number,
    before: (node) => befores[node] as number,
  };
}
