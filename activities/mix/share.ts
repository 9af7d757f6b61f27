import { MixShortfall } from '../../lake/errors.ts';
import type { MixSpec } from '../../workflows/contract.ts';

/** What a mix asks of one source, before it is cut. Tokens count BOS and EOS. */
export interface Share {
  source: string;
  weight: number;
  /** Tokens of the source when each unit is taken once. */
  unique: number;
  /** Tokens by weight. */
  asked: number;
  /** Full passes over the source. */
  passes: number;
  /** Tokens to take on top of them, from a part of the units. */
  rest: number;
  /** Tokens that are missing because of `maxRepeat`. */
  shortfall: number;
}

/**
 * Divides a mix by the weights of its sources. Without a total the first source is used once and sets it. A source may
 * be repeated `maxRepeat` times; what is missing then is a counted shortfall. Throws MixShortfall for an empty source,
 * and for a shortfall where the spec is strict.
 */
export function divide(
  mix: Pick<MixSpec, 'tokens'> & { maxRepeat: number; strict: boolean },
  sources: readonly { source: string; weight: number; unique: number }[],
): Share[] {
  for (const { source, unique } of sources) {
    if (unique > 0) continue;
    throw new MixShortfall(
      `mix source ${source} has no tokens at all; take it out of mix.sources, or look at why nothing came of it`,
    );
  }
  const weights = sources.reduce((sum, { weight }) => sum + weight, 0);
  const first = sources[0];
  const total = mix.tokens ?? (first === undefined ? 0 : (first.unique * weights) / first.weight);
  const shares = sources.map(({ source, weight, unique }): Share => {
    const asked = Math.round((total * weight) / weights);
    const most = Math.floor(unique * mix.maxRepeat);
    const given = Math.min(asked, most);
    const passes = Math.floor(given / unique);
    return { source, weight, unique, asked, passes, rest: given - passes * unique, shortfall: asked - given };
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
