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
  shards: number;
  documents: number;
  tokens: number;
}
/** That of an incremental run that keeps nothing. */
export const EMPTY_MIX: Mix = { share: 0, alsoRaw: false, sources: [], shards: 0, documents: 0, tokens: 0 };

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
