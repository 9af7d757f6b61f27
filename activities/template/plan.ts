import { openStream } from '../../lake/random.ts';
import type { PairKind } from '../../workflows/contract.ts';
import { LAYOUTS } from './layouts.ts';
import type { OptionStyle } from './options.ts';
import type { Pattern } from './pattern.ts';
import { MODES, type Mode, type ModeWeights } from './pool-file.ts';
import type { PoolName } from './pool-rules.ts';
import { draw, type Pools, type Wording } from './pools.ts';

/** What is drawn once for a chain and used for all its examples. */
export interface Plan {
  mode: Mode;
  /** An example by the kinds of its pairs: holds {context}, and the fields of each pair under its number. */
  layout(kinds: readonly PairKind[]): Pattern;
  options(): OptionStyle;
  betweenExamples: string;
  /** The wordings drawn so far, by their pools. */
  drawn: ReadonlyMap<PoolName, Wording>;
}

/**
 * Draws the plan of a chain. Every draw has a stream of its own, keyed by seed, pool and chain: none depends on
 * another, on the other chains, or on which kinds of pairs the chain happens to have.
 */
export function drawPlan(pools: Pools, seed: string, key: string, fewestPairs: number): Plan {
  const drawn = new Map<PoolName, Wording>();
  const wording = (name: PoolName): Wording => {
    const known = drawn.get(name);
    if (known !== undefined) return known;
    const fresh = draw(pools.pools[name], openStream(seed, `template/${name}`, key));
    drawn.set(name, fresh);
    return fresh;
  };
  const mode = drawMode(pools.modes, seed, key, fewestPairs);
  return {
    mode,
    layout: (kinds) => LAYOUTS[mode](wording, kinds),
    options: () => ({
      start: wording('option-start').text,
      marker: wording('option-marker').pattern,
      between: wording('between-options').text,
    }),
    betweenExamples: wording('between-examples').text,
    drawn,
  };
}

/** The mode of a chain, by the weights for its fewest pairs. */
export function drawMode(weights: ModeWeights, seed: string, key: string, fewestPairs: number): Mode {
  const given = fewestPairs < 2 ? weights.fewestPairsBelow2 : weights.otherwise;
  return openStream(seed, 'template/mode', key).pick(
    MODES,
    MODES.map((mode) => given[mode] ?? 0),
  );
}
