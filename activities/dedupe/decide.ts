import { CorruptLake } from '../../lake/errors.ts';
import type { ExchangeRecord } from '../../lake/exchange.ts';
import { BUCKET_KEPT } from './buckets.ts';
import type { ComparedDocument } from './compared.ts';
import type { Measure } from './comparer.ts';
import { type Components, cutPasses, NONE, openComponents } from './components.ts';
import { openKept } from './kept.ts';
import { edgeOf, type Place, rowOf, type Verdict } from './records.ts';
import { openRowSet, type RowSet, type SourceRows } from './row-set.ts';

export interface Question {
  /** The sources and their rows, in the order of their ordinals: those of the base, then those of the run. */
  sources: readonly SourceRows[];
  /** The first source of the run; all before are the base's, whose documents are kept. */
  firstSource?: number;
  /** For sources of the base of which the run has a newer version: that one. */
  newerOf?: ReadonlyMap<number, number>;
  measure: Measure;
  /** All edges, ordered as the exchange does; read twice. */
  edges: () => AsyncIterable<ExchangeRecord[]>;
  /** What documents are compared by, in keep order, those of the base too; read once for each pass. */
  compared: () => AsyncIterable<Iterable<ComparedDocument>>;
  /** Called often. */
  checkCancelled: () => void;
  /** Documents held at once, about. */
  held?: number;
  bucketKept?: number;
}
export interface Decision {
  duplicates: number;
  nearDuplicates: number;
  /** Of the duplicates, those of documents of the base. */
  earlierDuplicates: number;
  /** In keep order of the dropped. */
  verdicts: () => Generator<Verdict>;
  /** Whether a document of the base is in the newer version of its source as well. */
  survives: (place: Place) => boolean;
}

/**
 * Who is dropped, and for whom. Documents are taken in keep order. One is dropped when an earlier one that is kept has the
 * same hash, else when the similarity to a candidate reaches the threshold; then it names the most similar, of several
 * the first. Candidates are earlier ones that are kept and share a band, of each bucket the first `bucketKept`.
 *
 * Documents of the base are kept, but for those whose source has a newer version that has no row with their hash: these
 * are gone before anything is decided.
 */
export async function decide(question: Question): Promise<Decision> {
  const { firstSource = 0, newerOf = new Map<number, number>(), measure } = question;
  const rows = await rowsOf(question);
  const { components, survivors } = await componentsOf(question, rows, newerOf);
  const { copyOf, masks, rootOf } = components;
  const keptBy = new Uint32Array(rows.size).fill(NONE);
  /** Of a dropped document and the one that it names; 0 for exact duplicates. */
  const scores = measure.scores(rows.size);
  const firstNew = rows.countBefore(firstSource);
  const isGone = (document: number): boolean =>
    newerOf.size > 0 &&
    document < firstNew &&
    survivors[document] === 0 &&
    newerOf.has(rows.placeOf(document).source);

  /** Where the first of a hash is gone: who has it now. */
  const heirs = new Map<number, number>();
  /** Who is kept and has the hash of a document; NONE if nobody. */
  function holderOf(document: number): number {
    const first = copyOf[document] as number;
    if (first === NONE) return NONE;
    if (isGone(first)) return heirs.get(first) ?? NONE;
    return keptBy[first] === NONE ? first : NONE;
  }
  function inherit(document: number): void {
    const first = copyOf[document] as number;
    if (first !== NONE && isGone(first)) heirs.set(first, document);
  }
  for (let i = firstNew; i < rows.size; i++) {
    if (rootOf[i] !== NONE) continue;
    const holder = holderOf(i);
    if (holder === NONE) inherit(i);
    else keptBy[i] = holder;
  }

  const { passOf, sizes } = cutPasses(components, costsOf(components), question.held ?? measure.held);
  for (const [pass, size] of sizes.entries()) {
    const comparer = measure.open();
    const kept = openKept(comparer, question.bucketKept ?? BUCKET_KEPT);
    let found = 0;
    for await (const batch of question.compared()) {
      question.checkCancelled();
      for (const compared of batch) {
        const place = rowOf(compared.key);
        if (!rows.has(place)) continue;
        const document = rows.ordinalOf(place);
        if (passOf[document] !== pass) continue;
        found++;
        if (isGone(document)) continue;
        const isNew = document >= firstNew;
        const holder = isNew ? holderOf(document) : NONE;
        if (holder !== NONE) {
          keptBy[document] = holder;
          continue;
        }
        comparer.take(compared);
        const first = copyOf[document] as number;
        const mask = masks[first === NONE ? document : first] as number;
        const near = isNew ? kept.nearest(compared.signature, mask) : undefined;
        if (near === undefined) {
          kept.keep(document, compared.signature, mask);
          inherit(document);
        } else {
          keptBy[document] = near.document;
          scores[document] = near.score;
        }
      }
    }
    if (found !== size) {
      throw new CorruptLake(`of ${size} signatures that dedupe needs there are ${found}`);
    }
  }
  return {
    duplicates: countOf(keptBy, (by) => by !== NONE),
    nearDuplicates: countOf(scores, (each) => each > 0),
    earlierDuplicates: countOf(keptBy, (by) => by < firstNew),
    *verdicts() {
      for (let i = 0; i < rows.size; i++) {
        const by = keptBy[i] as number;
        if (by === NONE) continue;
        const score = scores[i] as number;
        yield {
          dropped: rows.placeOf(i),
          kept: rows.placeOf(by),
          kind: score === 0 ? 'exact' : 'near',
          similarity: score === 0 ? 1 : measure.similarity(score),
        };
      }
    },
    survives: (place) => rows.has(place) && survivors[rows.ordinalOf(place)] === 1,
  };
}

/** The documents that occur in edges. */
async function rowsOf({ sources, edges, checkCancelled }: Question): Promise<RowSet> {
  const set = openRowSet(sources);
  for await (const batch of edges()) {
    checkCancelled();
    for (const record of batch) {
      const { later, first } = edgeOf(record);
      set.add(later);
      set.add(first);
    }
  }
  return set.finish();
}

/** Who hangs together with whom, and which documents of replaced sources have the hash of a row of the newer version. */
async function componentsOf(
  { edges, checkCancelled }: Question,
  rows: RowSet,
  newerOf: ReadonlyMap<number, number>,
): Promise<{ components: Components; survivors: Uint8Array }> {
  const components = openComponents(rows.size);
  const survivors = new Uint8Array(rows.size);
  for await (const batch of edges()) {
    checkCancelled();
    for (const record of batch) {
      const { later, first, band } = edgeOf(record);
      const ordinal = rows.ordinalOf(first);
      components.add(rows.ordinalOf(later), ordinal, band);
      if (band === null && newerOf.get(first.source) === later.source) survivors[ordinal] = 1;
    }
  }
  return { components: components.finish(), survivors };
}

/** For each root the documents of its component that have hashes of their own. */
function costsOf({ copyOf, rootOf }: Components): Uint32Array {
  const costs = new Uint32Array(rootOf.length);
  for (let i = 0; i < rootOf.length; i++) {
    const root = rootOf[i] as number;
    if (root !== NONE && copyOf[i] === NONE) costs[root] = (costs[root] as number) + 1;
  }
  return costs;
}

function countOf(values: ArrayLike<number>, counts: (value: number) => boolean): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) if (counts(values[i] as number)) count++;
  return count;
}
