import { partitionId } from '../../lake/layout.ts';
import { cutPartitions, type PlanEntry, type SourceRun } from './partitions.ts';
import { mapsOf } from './pieces.ts';
import type { ReadSource } from './sources.ts';
import type { EntryMaps } from './write-input.ts';

/** A partition with the page maps of its runs. */
export interface MappedEntry {
  entry: PlanEntry;
  maps: EntryMaps;
}
/** What of an earlier generation's partitions is done anew, by the ordinals of sources. */
export interface ReplayedSources {
  /** Sources whose objects have changed, or could not be cut before: as they are now. */
  reread: readonly ReadSource[];
  /** Sources that are the same, and failed since they were cut: their partitions begin again with their rows. */
  again: ReadonlySet<number>;
}

/**
 * The partitions of a later generation, in the order of their first sources: those of the one before as they are, so that all they
 * have is found again; those with a source that was read anew without it, cut where it stood; and partitions of their own
 * for these sources. Each knows the partitions that its sources stood in, where answers to their texts may lie.
 */
export function replayEntries(
  before: readonly MappedEntry[],
  { reread, again }: ReplayedSources,
  targetBytes: number,
): MappedEntry[] {
  const leaving = new Set(reread.map(({ source }) => source.ordinal));
  const stoodIn = new Map<number, string[]>();
  for (const { entry } of before) {
    for (const { source } of entry.runs) {
      stoodIn.set(source, [...(stoodIn.get(source) ?? []), ...lineage(entry)]);
    }
  }
  const kept = before.flatMap((each): MappedEntry[] => {
    const { entry } = each;
    const asked = entry.runs.some(({ source }) => again.has(source)) ? { again: (entry.again ?? 0) + 1 } : {};
    const earlier = lineage(entry);
    if (!entry.runs.some(({ source }) => leaving.has(source))) {
      return [{ entry: { ...entry, ...asked, earlier }, maps: each.maps }];
    }
    return rest(each, leaving).map(({ entry: part, maps }) => ({
      entry: { ...part, ...(entry.again && { again: entry.again }), ...asked, earlier },
      maps,
    }));
  });
  const mapped = new Map(reread.map((each) => [each.source.ordinal, each]));
  const added = cutPartitions(reread, targetBytes).map((entry): MappedEntry => {
    const earlier = distinct(entry.runs.flatMap(({ source }) => stoodIn.get(source) ?? []));
    return {
      entry: earlier.length === 0 ? entry : { ...entry, earlier },
      maps: mapsOf(entry, mapped),
    };
  });
  return [...kept, ...added].sort((a, b) => order(a.entry.runs[0], b.entry.runs[0]));
}

/** The same partitions with other ordinals: each source's is moved by `by`. */
export function shiftEntries(entries: readonly MappedEntry[], by: number): MappedEntry[] {
  if (by === 0) return [...entries];
  return entries.map(({ entry, maps }) => ({
    entry: { ...entry, runs: entry.runs.map((run) => ({ ...run, source: run.source + by })) },
    maps,
  }));
}

/** What is left of a partition without some sources: runs that stood side by side stay together. */
function rest({ entry, maps }: MappedEntry, leaving: ReadonlySet<number>): MappedEntry[] {
  const parts: { runs: SourceRun[]; maps: EntryMaps }[] = [];
  let open = false;
  for (const [i, run] of entry.runs.entries()) {
    const stays = !leaving.has(run.source);
    if (stays && !open) parts.push({ runs: [], maps: [] });
    open = stays;
    if (!stays) continue;
    const part = parts.at(-1) as (typeof parts)[number];
    part.runs.push(run);
    part.maps.push(maps[i] ?? []);
  }
  const rowsOf = (runs: readonly SourceRun[]): number =>
    runs.reduce((sum, { rowStart, rowEnd }) => sum + rowEnd - rowStart, 0);
  const all = Math.max(1, rowsOf(entry.runs));
  return parts.map(({ runs, maps: own }) => ({
    entry: {
      id: partitionId(runs),
      runs,
      // Nobody looked how its text is spread over its sources; work is planned by it, and nothing decided.
      textBytes: Math.round((entry.textBytes * rowsOf(runs)) / all),
    },
    maps: own.some((each) => each.length > 0) ? own : [],
  }));
}

const lineage = ({ id, earlier = [] }: PlanEntry): string[] => distinct([...earlier, id]);
const distinct = (ids: readonly string[]): string[] => [...new Set(ids)];

function order(a: SourceRun | undefined, b: SourceRun | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.source - b.source || a.rowStart - b.rowStart;
}
