/** No document. */
export const NONE = 0xffffffff;

/** Documents by their ordinals in keep order, and who hangs together with whom. */
export interface Components {
  /** The first document with the same hash, for its later copies; NONE for all others. */
  readonly copyOf: Uint32Array;
  /** One bit for each band in which a document shares its key with one of another hash. Of copies their first one's counts. */
  readonly masks: Uint16Array;
  /** The first document of its component, which names it; NONE for one that is to be compared with nobody. */
  readonly rootOf: Uint32Array;
}
export interface ComponentsBuilder {
  /** Edges have to come in the order of `later`, and for each the one of the hash first, whose `band` is null. */
  add(later: number, first: number, band: number | null): void;
  finish(): Components;
}

/**
 * Union-find over `count` documents, at ten bytes each. Copies stand behind the first with their hash; only between
 * documents of different hashes does an edge say that there is something to compare.
 */
export function openComponents(count: number): ComponentsBuilder {
  const copyOf = new Uint32Array(count).fill(NONE);
  const masks = new Uint16Array(count);
  // Of every document one that is not after it.
  const parents = new Uint32Array(count);
  for (let i = 0; i < count; i++) parents[i] = i;

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
  function add(later: number, first: number, band: number | null): void {
    if (band === null) {
      copyOf[later] = first;
      return;
    }
    const one = firstOf(later);
    const other = firstOf(first);
    if (one === other) return;
    masks[one] = (masks[one] as number) | (1 << band);
    masks[other] = (masks[other] as number) | (1 << band);
    const a = rootOf(one);
    const b = rootOf(other);
    if (a !== b) parents[Math.max(a, b)] = Math.min(a, b);
  }
  function finish(): Components {
    // Parents come before their children, so that one walk brings every document to its root.
    for (let i = 0; i < count; i++) parents[i] = parents[parents[firstOf(i)] as number] as number;
    for (let i = count - 1; i >= 0; i--) if (masks[firstOf(i)] === 0) parents[i] = NONE;
    return { copyOf, masks, rootOf: parents };
  }
  return { add, finish };
}

/** Which components are decided together: what is held for each pass over all documents is bounded. */
export interface Passes {
  /** Number of its pass, by document; NONE for one that is to be compared with nobody. */
  readonly passOf: Uint32Array;
  /** Documents of each pass, copies too. */
  readonly sizes: readonly number[];
}

/**
 * Gives components to passes in their order, so that the costs of a pass do not exceed `held`, but for a single component
 * with more. `costs` has for each root what holding its whole component takes. Writes over `rootOf`.
 */
export function cutPasses({ rootOf }: Components, costs: ArrayLike<number>, held: number): Passes {
  const sizes: number[] = [];
  let cost = 0;
  for (let i = 0; i < rootOf.length; i++) {
    const root = rootOf[i] as number;
    if (root === NONE) continue;
    // The root comes first, and its place holds the number of the pass from then on.
    if (root === i) {
      const more = costs[i] as number;
      if (sizes.length === 0 || cost + more > held) {
        sizes.push(0);
        cost = 0;
      }
      cost += more;
      rootOf[i] = sizes.length - 1;
    } else {
      rootOf[i] = rootOf[root] as number;
    }
    const pass = rootOf[i] as number;
    sizes[pass] = (sizes[pass] as number) + 1;
  }
  return { passOf: rootOf, sizes };
}
