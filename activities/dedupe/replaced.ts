import type { AttemptFolder, Output } from '../../lake/commit.ts';
import { chainRuns, type ExchangeRecord, encodeSorted } from '../../lake/exchange.ts';
import type { PlannedSource } from '../plan/partitions.ts';
import type { OpenBase } from '../segment/base.ts';
import type { SegmentSource } from '../segment/segment.ts';
import type { FailedSourceRows } from './failures.ts';
import { type Place, rowKey, rowOf } from './records.ts';

/** Documents of the base whose sources have newer versions without them: key = the row, payload empty. */
export const GONE = 'gone.run';

/** For sources of the base whose key has another version among those of a run that did not fail: that one's ordinal. */
export function newerVersions(
  known: readonly SegmentSource[],
  sources: readonly PlannedSource[],
  failed: readonly FailedSourceRows[],
): Map<number, number> {
  const out = new Set(failed.map(({ source }) => source));
  const newest = new Map(
    sources.filter(({ ordinal }) => !out.has(ordinal)).map(({ key, ordinal }) => [key, ordinal]),
  );
  return new Map(
    known.flatMap(({ source, key }) => {
      const newer = newest.get(key);
      return newer === undefined ? [] : [[source, newer] as const];
    }),
  );
}

/** Writes which documents of replaced sources are gone: all that do not survive. */
export async function writeGone(
  folder: AttemptFolder,
  base: OpenBase,
  newerOf: ReadonlyMap<number, number>,
  survives: (place: Place) => boolean,
): Promise<Output> {
  const hashes = newerOf.size === 0 ? [] : await base.hashes();
  async function* gone(): AsyncGenerator<ExchangeRecord[]> {
    for (const source of [...newerOf.keys()].sort((a, b) => a - b)) {
      const range = { from: rowKey({ source, row: 0 }), to: rowKey({ source: source + 1, row: 0 }) };
      for await (const batch of chainRuns(hashes, range)) {
        const keys = batch.map(({ key }) => key).filter((key) => isGone(rowOf(key)));
        yield keys.map((key) => ({ key, payload: new Uint8Array(0) }));
      }
    }
  }
  const isGone = (place: Place): boolean => !base.isOut(place) && !survives(place);
  return folder.write(GONE, encodeSorted(gone()));
}
