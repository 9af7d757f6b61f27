import type { KeyRange } from '../../lake/exchange.ts';
import { type Place, rowKey } from '../dedupe/records.ts';
import type { PlanEntry, PlannedSource } from '../plan/partitions.ts';

/** No row's key is as high. */
const END = 2n ** 64n;

/**
 * The keys of share `index` of `count` equal ones of all planned rows, in keep order: how rows are spread over
 * partitions changes no share.
 */
export function rowShare(
  sources: readonly Pick<PlannedSource, 'ordinal' | 'rows'>[],
  index: number,
  count: number,
): KeyRange {
  const total = sources.reduce((sum, { rows }) => sum + rows, 0);
  const bound = (i: number): bigint => {
    let left = Math.floor((total * i) / count);
    for (const { ordinal, rows } of sources) {
      if (left < rows) return rowKey({ source: ordinal, row: left });
      left -= rows;
    }
    return END;
  };
  return { from: index === 0 ? 0n : bound(index), to: index === count - 1 ? END : bound(index + 1) };
}

/** Whether a partition has rows with keys of the range. */
export function overlaps({ runs }: Pick<PlanEntry, 'runs'>, { from, to }: KeyRange): boolean {
  return runs.some(({ source, rowStart, rowEnd }) => {
    const key = (row: number): bigint => rowKey({ source, row } satisfies Place);
    return key(rowStart) < to && key(rowEnd) > from;
  });
}
