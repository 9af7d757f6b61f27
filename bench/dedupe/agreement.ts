import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import { jaccard, shingleSets } from './jaccard.ts';

/** Documents by their number in keep order. */
export interface Dropped {
  ours: ReadonlySet<number>;
  theirs: ReadonlySet<number>;
  /** Of each document that they found together with others: which of their clusters. */
  clusters: ReadonlyMap<number, number>;
}
/** Where two programs drop the same documents, and why they do not. */
export interface Agreement {
  documents: number;
  both: number;
  neither: number;
  onlyOurs: {
    /** They keep one document of a cluster, not the first: it is this one. */
    theyKeepIt: number;
    /** In no cluster of theirs. */
    notMet: number;
  };
  onlyTheirs: {
    /** The first of its cluster, which we keep. */
    weKeepTheFirst: number;
    others: number;
    /** How many of the others were looked at, and of these: below the threshold by exact similarity to all earlier ones that we keep. */
    looked: number;
    below: number;
  };
}

/** Others that are compared exactly with what is kept of their cluster. */
const LOOKED = 300;

/** Compares what was dropped. `textOf` gives the text of a document. */
export function agreementOf(
  { ours, theirs, clusters }: Dropped,
  documents: number,
  threshold: number,
  textOf: (document: number) => string,
): Agreement {
  const members = new Map<number, number[]>();
  for (const document of [...clusters.keys()].sort((a, b) => a - b)) {
    const cluster = clusters.get(document) ?? 0;
    members.set(cluster, [...(members.get(cluster) ?? []), document]);
  }
  const membersOf = (document: number): number[] => members.get(clusters.get(document) ?? -1) ?? [];
  const both = [...ours].filter((document) => theirs.has(document)).length;
  const onlyOurs = [...ours].filter((document) => !theirs.has(document));
  const onlyTheirs = [...theirs].filter((document) => !ours.has(document)).sort((a, b) => a - b);
  const others = onlyTheirs.filter((document) => membersOf(document)[0] !== document);
  const share = Math.min(1, LOOKED / others.length);
  const looked = others.filter((_, i) => Math.floor((i + 1) * share) > Math.floor(i * share));
  const keptBefore = (document: number): number[] =>
    membersOf(document).filter((each) => each < document && !ours.has(each));
  const setOf = setsOf([...new Set(looked.flatMap((each) => [each, ...keptBefore(each)]))], textOf);
  const below = looked.filter((document) =>
    keptBefore(document).every((each) => jaccard(setOf(document), setOf(each)) < threshold),
  );
  return {
    documents,
    both,
    neither: documents - both - onlyOurs.length - onlyTheirs.length,
    onlyOurs: {
      theyKeepIt: onlyOurs.filter((document) => clusters.has(document)).length,
      notMet: onlyOurs.filter((document) => !clusters.has(document)).length,
    },
    onlyTheirs: {
      weKeepTheFirst: onlyTheirs.length - others.length,
      others: others.length,
      looked: looked.length,
      below: below.length,
    },
  };
}

/** Sets of shingles of the folded texts of documents. */
function setsOf(
  documents: readonly number[],
  textOf: (document: number) => string,
): (document: number) => Uint32Array {
  const numbers = new Map<string, number>();
  const words = documents.map((document) =>
    Array.from(normaliseForDedupe(textOf(document)).matchAll(/[\p{L}\p{M}\p{N}]+/gu), ([word]) => {
      if (!numbers.has(word)) numbers.set(word, numbers.size);
      return numbers.get(word) ?? 0;
    }),
  );
  const sets = new Map(shingleSets(words).map((set, i) => [documents[i] ?? 0, set]));
  return (document) => sets.get(document) ?? new Uint32Array();
}
