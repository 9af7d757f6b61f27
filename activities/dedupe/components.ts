/** No document. */
export const NONE = 0xffffffff;

/** Documents by their ordinals in keep order, and who hangs together with whom. */
export interface Components {
  /** The first document with the same hash, for its later copies; NONE for all others. */
  readonly copyOf: Uint32Array;
  /** Slot of the signature of documents that have to be compared; NONE for all others. A copy has its first one's. */
  readonly slotOf: Uint32Array;
  /** Documents of all components, copies too: component after component, each in keep order. */
  readonly members: Uint32Array;
  /** Where the members of each component begin in `members`, and where the last ones end. */
  readonly memberStarts: Uint32Array;
  /** The same for their slots. */
  readonly slotStarts: Uint32Array;
}
export interface ComponentsBuilder {
  /** Edges have to come in the order of `later`, and for each the exact one first. */
  add(later: number, first: number, exact: boolean): void;
  finish(): Components;
}

/**
 * Union-find over `count` documents. Copies stand behind the first with their hash, whose signature is theirs too; only
 * between documents of different hashes does an edge say that there is something to compare.
 */
export function openComponents(count: number): ComponentsBuilder {
  const copyOf = new Uint32Array(count).fill(NONE);
  const parents = Uint32Array.from({ length: count }, (_, i) => i);

  function rootOf(document: number): number {
    let at = document;
    for (;;) {
      const up = parents[at] as number;
      if (up === at) return at;
      const over = parents[up] as number;
      parents[at] = over;
      at = over;
    }
  }
  const firstOf = (document: number): number => {
    const first = copyOf[document] as number;
    return first === NONE ? document : first;
  };
  function add(later: number, first: number, exact: boolean): void {
    if (exact) {
      copyOf[later] = first;
      return;
    }
    const a = rootOf(firstOf(later));
    const b = rootOf(firstOf(first));
    if (a !== b) parents[Math.max(a, b)] = Math.min(a, b);
  }
  function finish(): Components {
    // Of each root: its documents, and those of them with hashes of their own.
    const sizes = new Uint32Array(count);
    const firsts = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const root = rootOf(firstOf(i));
      sizes[root] = (sizes[root] as number) + 1;
      if (copyOf[i] === NONE) firsts[root] = (firsts[root] as number) + 1;
    }
    const numbers = new Uint32Array(count).fill(NONE);
    const memberStarts = [0];
    const slotStarts = [0];
    for (let i = 0; i < count; i++) {
      if ((firsts[i] as number) < 2) continue;
      numbers[i] = memberStarts.length - 1;
      memberStarts.push((memberStarts.at(-1) as number) + (sizes[i] as number));
      slotStarts.push((slotStarts.at(-1) as number) + (firsts[i] as number));
    }
    const members = new Uint32Array(memberStarts.at(-1) as number);
    const slotOf = new Uint32Array(count).fill(NONE);
    const nextMember = Uint32Array.from(memberStarts);
    const nextSlot = Uint32Array.from(slotStarts);
    for (let i = 0; i < count; i++) {
      const number = numbers[rootOf(firstOf(i))] as number;
      if (number === NONE) continue;
      const place = nextMember[number] as number;
      nextMember[number] = place + 1;
      members[place] = i;
      if (copyOf[i] === NONE) {
        const slot = nextSlot[number] as number;
        nextSlot[number] = slot + 1;
        slotOf[i] = slot;
      } else {
        slotOf[i] = slotOf[copyOf[i] as number] as number;
      }
    }
    return {
      copyOf,
      slotOf,
      members,
      memberStarts: Uint32Array.from(memberStarts),
      slotStarts: Uint32Array.from(slotStarts),
    };
  }
  return { add, finish };
}
