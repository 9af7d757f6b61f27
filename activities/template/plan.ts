import { openStream } from '../../lake/random.ts';
import type { PairKind } from '../../workflows/contract.ts';
import type { OptionStyle } from './options.ts';
import { fill, type Pattern } from './pattern.ts';
import type { Mode, ModeWeights } from './pool-file.ts';
import type { PoolName } from './pool-rules.ts';
import { draw, type Pools, type Wording } from './pools.ts';

/** What is drawn once for a chain and used for all its examples. */
export interface Plan {
  mode: Mode;
  /** Holds {context} and ends with what stands before the first pair. */
  opening: Pattern;
  pairs(kind: PairKind): Pattern;
  options(): OptionStyle;
  betweenPairs: string;
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
    ...(mode === 'classic' ? classic(wording) : dialog(wording)),
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
  const { classic, dialog } = fewestPairs < 2 ? weights.fewestPairsBelow2 : weights.otherwise;
  return openStream(seed, 'template/mode', key).pick(['classic', 'dialog'] as const, [classic, dialog]);
}

type Draw = (name: PoolName) => Wording;
type ByMode = Pick<Plan, 'opening' | 'pairs' | 'betweenPairs'>;

/** Context, then pairs. Without a line that opens the pairs, none closes the context. */
function classic(wording: Draw): ByMode {
  const start = wording('compre-start').text;
  const lines = start === '' ? [] : [wording('read-end').text, start];
  return {
    opening: opening(wording, wording('read-start').pattern, lines),
    pairs: (kind) => wording(kind).pattern,
    betweenPairs: wording('between-pairs').text,
  };
}

/** Context, then two speakers in turn: the first asks (and shows options), the second answers (and reasons). */
function dialog(wording: Draw): ByMode {
  const question: Pattern = [{ name: 'question' }];
  const answer: Pattern = [{ name: 'answer' }];
  return {
    opening: opening(wording, [{ name: 'context' }], [wording('dialog-header').text]),
    pairs: (kind) =>
      fill(wording('dialog-exchange').pattern, {
        ask: kind === 'option' || kind === 'option-cot' ? wording('dialog-ask').pattern : question,
        reply: kind === 'cot' || kind === 'option-cot' ? wording('dialog-reply').pattern : answer,
      }),
    betweenPairs: wording('between-exchanges').text,
  };
}

/** The context, then each line that is not empty, with a break after each. */
function opening(wording: Draw, context: Pattern, lines: readonly string[]): Pattern {
  const shown = lines.filter((line) => line !== '');
  const breaks = shown.map(
    (_, i) => wording(i === shown.length - 1 ? 'after-heading' : 'after-context').text,
  );
  return [...context, wording('after-context').text, ...shown.flatMap((line, i) => [line, breaks[i] ?? ''])];
}
