import type { DocumentRef, Duplicate } from './duplicate.ts';
import { openFrequent } from './frequent.ts';

/** A kept document and those that were dropped for it. */
export interface Cluster {
  kept: DocumentRef;
  /** How many were dropped for it. */
  size: number;
  /** The first of them, in keep order. */
  dropped: Omit<Duplicate, 'kept'>[];
}
export interface Clusters {
  /** The largest first; of the same size in keep order of what was kept, where earlier runs come first. */
  clusters: Cluster[];
  /** How many there are; null when they are too many to be counted. */
  total: number | null;
  /** What was dropped: all of it, of those near-duplicates, and of those for a document of an earlier run. */
  duplicates: number;
  near: number;
  earlier: number;
  /** Clusters of more than so many are all known; 0 when every one is. */
  unseen: number;
}
export interface ClusterQuestion {
  run: string;
  /** All duplicates of the run in keep order; read two or three times. */
  duplicates: () => AsyncIterable<readonly Duplicate[]>;
  /** Which of them count, and are shown. */
  counts?: (each: Duplicate) => boolean;
  /** Only clusters with one of these are listed. */
  selects?: (each: Duplicate) => boolean;
  /** Clusters listed. */
  limit: number;
  /** Dropped documents listed of each. */
  members: number;
  /** Kept documents that are counted at once: half as many at least. */
  held?: number;
}

/** Kept documents counted at once, twice that at most: about 100 MB. Of 100 million duplicates clusters of more than 190 are all found. */
const HELD = 2 ** 19;

/**
 * The largest clusters of a run, in passes over the table of its verdicts: one counts, one fills the clusters that are
 * listed; between them one counts exactly where the first had to forget small clusters, or looked at some rows alone.
 */
export async function largestClusters(question: ClusterQuestion): Promise<Clusters> {
  const { run, duplicates, counts = () => true, selects, limit, members, held = HELD } = question;
  const names = openNames();
  const frequent = openFrequent(held);
  const sums = { duplicates: 0, near: 0, earlier: 0 };
  for await (const batch of duplicates()) {
    for (const each of batch) {
      if (!counts(each)) continue;
      sums.duplicates++;
      if (each.kind === 'near') sums.near++;
      if (each.kept.run !== run) sums.earlier++;
      if (selects === undefined || selects(each)) frequent.add(names.idOf(each.kept));
    }
  }
  const { unseen } = frequent;
  const sizes = new Map(frequent.counts);
  if (unseen > 0 || selects !== undefined) {
    for (const id of sizes.keys()) sizes.set(id, 0);
    for await (const batch of duplicates()) {
      for (const each of batch) {
        const id = names.idOf(each.kept);
        const size = sizes.get(id);
        if (size !== undefined && counts(each)) sizes.set(id, size + 1);
      }
    }
  }
  const compare = (a: Cluster, b: Cluster): number => b.size - a.size || keepOrder(run, a.kept, b.kept);
  const clusters: Cluster[] = [];
  for (const [id, size] of sizes) {
    const last = clusters.at(-1);
    if (clusters.length === limit && (last === undefined || size < last.size)) continue;
    const cluster = { kept: names.documentOf(id), size, dropped: [] };
    clusters.splice(placeOf(clusters, cluster, compare), 0, cluster);
    if (clusters.length > limit) clusters.pop();
  }
  const listed = new Map(clusters.map((each) => [names.idOf(each.kept), each]));
  if (listed.size > 0 && members > 0) {
    for await (const batch of duplicates()) {
      for (const each of batch) {
        const cluster = listed.get(names.idOf(each.kept));
        if (cluster === undefined || cluster.dropped.length === members || !counts(each)) continue;
        const { kept: _, ...dropped } = each;
        cluster.dropped.push(dropped);
      }
    }
  }
  return { clusters, total: unseen > 0 ? null : sizes.size, ...sums, unseen };
}

/** Keep order: documents of earlier runs before those of this one; then by key in UTF-8 bytes, and row. */
function keepOrder(run: string, a: DocumentRef, b: DocumentRef): number {
  return (
    Number(a.run === run) - Number(b.run === run) ||
    Buffer.compare(Buffer.from(a.run), Buffer.from(b.run)) ||
    Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) ||
    a.row - b.row
  );
}

/** Where an item belongs in an ordered list. */
function placeOf<T>(list: readonly T[], item: T, compare: (a: T, b: T) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle] as T, item) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Short names of documents: millions of them are held, and their keys are long and few. */
function openNames(): { idOf: (document: DocumentRef) => string; documentOf: (id: string) => DocumentRef } {
  const numbers = new Map<string, number>();
  const sources: Omit<DocumentRef, 'row'>[] = [];
  return {
    idOf({ run, key, row }) {
      const name = `${run}/${key}`;
      let number = numbers.get(name);
      if (number === undefined) {
        number = sources.length;
        numbers.set(name, number);
        sources.push({ run, key });
      }
      return `${number}:${row}`;
    },
    documentOf(id) {
      const [number, row] = id.split(':');
      return { ...(sources[Number(number)] as Omit<DocumentRef, 'row'>), row: Number(row) };
    },
  };
}
