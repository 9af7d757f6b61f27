/** Documents whose records one activity of dedupe takes, fifteen each; more are cut by hash into ranges. */
export const RANGE_DOCUMENTS = 1_000_000;
/** Partitions × ranges beyond which the partitions of each lane are combined first: each range opens each of them. */
export const READS_AT_MOST = 100_000;
/** Partitions beyond which they are: a range holds two blocks and the directory of each that it reads, up to 160 KiB. */
export const RUNS_AT_MOST = 2_000;

/** How the buckets of so many documents, which so many partitions have left, are looked through. */
export function cutDedupe(documents: number, partitions: number): { ranges: number; combine: boolean } {
  const ranges = Math.max(1, Math.ceil(documents / RANGE_DOCUMENTS));
  return { ranges, combine: partitions > RUNS_AT_MOST || partitions * ranges > READS_AT_MOST };
}
