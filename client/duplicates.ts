import { readPins } from '../activities/plan/pins.ts';
import type { ObjectStore } from '../lake/store.ts';
import type { RunRef } from '../workflows/contract.ts';
import { type Cluster, type Clusters, largestClusters } from './duplicates/clusters.ts';
import { type Duplicate, openDuplicates } from './duplicates/duplicate.ts';
import { nameOf, readTexts, type ShownText } from './duplicates/texts.ts';
import { findVerdicts } from './duplicates/verdicts.ts';

/** A document of a cluster with its text, where that was asked for; null where it is not found. */
type WithText<T> = T & { text?: ShownText | null };
export interface ShownCluster extends Cluster {
  kept: WithText<Cluster['kept']>;
  dropped: WithText<Cluster['dropped'][number]>[];
}
/** What a run dropped as duplicates, and for what. */
export interface RunDuplicates extends Clusters {
  clusters: ShownCluster[];
  /** The run has decided who is dropped. */
  decided: boolean;
  published: boolean;
}
export interface DuplicatesQuestion {
  kind?: Duplicate['kind'];
  minSimilarity?: number;
  /** `KEY` or `KEY:ROW`, kept or dropped. */
  key?: string;
  limit: number;
  members: number;
  texts: boolean;
}

/** The largest clusters of duplicates of a run, from the lake alone. Throws RunNotFound. */
export async function readDuplicates(
  store: ObjectStore,
  run: RunRef,
  question: DuplicatesQuestion,
): Promise<RunDuplicates> {
  await readPins(store, run);
  const verdicts = await findVerdicts(store, run);
  if (verdicts === undefined) {
    const none = { clusters: [], total: 0, duplicates: 0, near: 0, earlier: 0, unseen: 0 };
    return { decided: false, published: false, ...none };
  }
  const { kind, minSimilarity = 0, key, limit, members } = question;
  const { batches } = await openDuplicates(store, verdicts.table, run.run);
  const found = await largestClusters({
    run: run.run,
    duplicates: batches,
    counts: (each) => (kind === undefined || each.kind === kind) && each.similarity >= minSimilarity,
    ...(key === undefined ? {} : { selects: namesDocument(key) }),
    limit,
    members,
  });
  const clusters = question.texts
    ? await withTexts(store, run, found.clusters)
    : (found.clusters as ShownCluster[]);
  return { decided: true, published: verdicts.published, ...found, clusters };
}

/** Whether a verdict is about the document, or a document of the source, that `KEY[:ROW]` names. Keys may hold colons. */
export function namesDocument(text: string): (each: Duplicate) => boolean {
  const [, key, row] = /^(.*):(\d+)$/s.exec(text) ?? [];
  const named = (each: { key: string; row: number }): boolean =>
    each.key === text || (each.key === key && each.row === Number(row));
  return (each) => named(each) || named(each.kept);
}

async function withTexts(
  store: ObjectStore,
  { domain, run }: RunRef,
  clusters: readonly Cluster[],
): Promise<ShownCluster[]> {
  const wanted = clusters.flatMap(({ kept, dropped }) => [
    kept,
    ...dropped.map(({ key, row }) => ({ run, key, row })),
  ]);
  const texts = await readTexts(store, domain, wanted);
  return clusters.map(({ kept, size, dropped }) => ({
    kept: { ...kept, text: texts.get(nameOf(kept)) ?? null },
    size,
    dropped: dropped.map((each) => ({ ...each, text: texts.get(nameOf({ run, ...each })) ?? null })),
  }));
}
