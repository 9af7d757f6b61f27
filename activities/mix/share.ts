import { MixShortfall } from '../../lake/errors.ts';
import type { Amount, MixSpec } from '../../workflows/contract.ts';

/** What a mix asks of one source, before it is cut. Tokens count BOS and EOS. */
export interface Share extends Amount {
  source: string;
  /** Tokens of the source when each unit is taken once. */
  unique: number;
  /** Tokens by weight, budget or repeats. */
  asked: number;
  /** Full passes over the source. */
  passes: number;
  /** Tokens to take on top of them, from a part of the units. */
  rest: number;
  /** Tokens that are missing because of `maxRepeat`. */
  shortfall: number;
}
interface Rules extends Pick<MixSpec, 'tokens'> {
  maxRepeat: number;
  strict: boolean;
}
type Wanted = Amount & { source: string; unique: number };

/**
 * Divides a mix by the weights of its sources (without a total the first source is used once and sets it), or gives each its budget. A
 * source may be repeated `maxRepeat` times; what is missing then is a counted shortfall. Throws MixShortfall for a source that has
 * nothing of what is asked, and for a shortfall where the spec is strict.
 */
export function divide(mix: Rules, sources: readonly Wanted[]): Share[] {
  const asked = askedOf(mix, sources);
  for (const { source, unique, repeat } of sources) {
    // Any number of times nothing is nothing: with all of the corpus converted there may be no raw text.
    if (unique > 0 || repeat !== undefined) continue;
    throw new MixShortfall(
      `mix source ${source} has no tokens at all; take it out of mix.sources, or look at why nothing came of it`,
    );
  }
  const shares = sources.map((each, i): Share => {
    const { unique } = each;
    const wanted = asked[i] ?? 0;
    const given = Math.min(wanted, Math.floor(unique * mix.maxRepeat));
    const passes = unique === 0 ? 0 : Math.floor(given / unique);
    return { ...each, asked: wanted, passes, rest: given - passes * unique, shortfall: wanted - given };
  });
  const short = shares.filter(({ shortfall }) => shortfall > 0);
  if (mix.strict && short.length > 0) {
    throw new MixShortfall(
      short
        .map(
          ({ source, asked, unique }) =>
            `mix source ${source} has ${unique} tokens; ${asked} were asked, more than maxRepeat = ${mix.maxRepeat} allows`,
        )
        .join('; '),
    );
  }
  return shares;
}

function askedOf({ tokens }: Rules, sources: readonly Wanted[]): number[] {
  const weights = sources.reduce((sum, { weight = 0 }) => sum + weight, 0);
  const first = sources[0];
  if (first?.weight === undefined) {
    return sources.map((source) => source.tokens ?? Math.round((source.repeat ?? 0) * source.unique));
  }
  const total = tokens ?? (first.unique * weights) / first.weight;
  return sources.map(({ weight = 0 }) => Math.round((total * weight) / weights));
}
