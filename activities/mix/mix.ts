import type { StageCommit } from '../../lake/commit.ts';
import type { Forms } from './form.ts';
import type { Share } from './share.ts';

/** What a mix takes of one source: `passes` copies of every unit, and one more of those before the cut. */
export interface MixedSource extends Share {
  /** The first unit in the order of hashes that is not taken once more; null when the rest is nothing. */
  cut: { key: string; unit: string } | null;
  /** Tokens that are really taken. */
  got: number;
  units: number;
  documents: number;
}
export interface Mix extends Forms {
  sources: MixedSource[];
  /** Shards in all; and of each source, where each has its own. */
  shards: number;
  perSource: number[] | null;
  documents: number;
  tokens: number;
}
/** That of an incremental run that keeps nothing. */
export const EMPTY_MIX: Mix = {
  share: 0,
  alsoRaw: false,
  sources: [],
  shards: 0,
  perSource: null,
  documents: 0,
  tokens: 0,
};

/** What a mix commit decided. */
export const mixOf = (commit: StageCommit): Mix => commit.data as Mix;

/** How often a unit stands in the mix. */
export function copiesOf(
  { passes, cut }: Pick<MixedSource, 'passes' | 'cut'>,
  key: bigint,
  unit: string,
): number {
  if (cut === null) return passes;
  const hex = key.toString(16).padStart(16, '0');
  return passes + (hex < cut.key || (hex === cut.key && unit < cut.unit) ? 1 : 0);
}

/** A shard: its name, and which range of the shuffle it is; of one source, where each has shards of its own. */
export interface PlannedShard {
  name: string;
  source: number | null;
  range: number;
  ranges: number;
}

/** Shard number `shard` of a mix: `shard-00003-of-00012`, or `raw-00000-of-00002`. */
export function plannedShard({ sources, shards, perSource }: Mix, shard: number): PlannedShard {
  if (perSource === null)
    return { name: nameOf('shard', shard, shards), source: null, range: shard, ranges: shards };
  let range = shard;
  for (const [source, ranges] of perSource.entries()) {
    if (range < ranges) {
      return { name: nameOf(sources[source]?.source ?? '', range, ranges), source, range, ranges };
    }
    range -= ranges;
  }
  throw new RangeError(`a mix of ${shards} shards has no shard ${shard}`);
}

const nameOf = (stem: string, range: number, ranges: number): string =>
  `${stem}-${String(range).padStart(5, '0')}-of-${String(ranges).padStart(5, '0')}`;
