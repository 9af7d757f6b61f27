import { Unreachable } from '../../lake/errors.ts';
import { openStream } from '../../lake/random.ts';
import type { Pair, PairKind } from '../../workflows/contract.ts';
import { openBuilder, type Piece } from './builder.ts';
import { type ShownOptions, showOptions } from './options.ts';
import type { Pattern } from './pattern.ts';
import { drawPlan, type Plan } from './plan.ts';
import type { Mode } from './pool-file.ts';
import { defaultPools, type Pools } from './pools.ts';
import { shapeOf } from './shape.ts';

/** One text of a chain, raw, with its pairs (at least one). */
export interface Example {
  context: string;
  pairs: readonly Pair[];
}
export interface Chain {
  id: string;
  examples: readonly Example[];
}
export interface RenderOptions {
  seed: string;
  /** Another number gives the same chain in another wording; 0 by default. */
  variant?: number;
  pools?: Pools;
}

/** A chain in its wording: a piece per example, and what stands between two of them. */
export interface RenderedChain {
  mode: Mode;
  /** What was drawn of each pool. */
  wordings: Readonly<Record<string, string>>;
  separator: string;
  pieces: Piece[];
}

/**
 * Renders a chain. The result depends on the chain, seed, variant and pools alone. Contexts, questions, rationales
 * and answers come through byte for byte and lie under a span each; where options are counted, the marker of the right
 * one is the answer. Throws Unreachable for an example without pairs: that is a raw document.
 */
export function renderChain(chain: Chain, options: RenderOptions): RenderedChain {
  const key = `${chain.id}/${options.variant ?? 0}`;
  const fewest = Math.min(...chain.examples.map(({ pairs }) => pairs.length));
  if (fewest === 0) throw new Unreachable(`chain ${chain.id} has a text without pairs`);
  const plan = drawPlan(options.pools ?? defaultPools(), options.seed, key, fewest);
  const pieces = chain.examples.map((example, i) => {
    const shown = example.pairs.map((pair, j) => shownPair(pair, plan, options.seed, `${key}/${i}/${j}`));
    const pattern = plan.layout(shown.map(({ kind }) => kind));
    return write(pattern, { context: example.context }, shown);
  });
  const wordings = Object.fromEntries([...plan.drawn].map(([pool, { text }]) => [pool, text]));
  return { mode: plan.mode, wordings, separator: plan.betweenExamples, pieces };
}

type Field = 'context' | 'question' | 'options' | 'rationale' | 'answer';
type Values = Partial<Record<Field, string>>;
/** A pair as it is shown: its kind, and what stands for its fields. */
interface ShownPair extends Values {
  kind: PairKind;
}

function shownPair(pair: Pair, plan: Plan, seed: string, key: string): ShownPair {
  const { kind, correct } = shapeOf(pair);
  const { question, answer, rationale = '' } = pair;
  if (correct === -1) return { kind, question, rationale, answer };
  const stream = openStream(seed, 'template/options', key);
  const shown: ShownOptions = showOptions(pair.options ?? [], correct, answer, plan.options(), stream);
  return { kind, question, rationale, options: shown.text, answer: shown.answer };
}

function write(pattern: Pattern, example: Values, pairs: readonly ShownPair[]): Piece {
  const builder = openBuilder();
  for (const part of pattern) {
    if (typeof part === 'string') {
      builder.add(part);
      continue;
    }
    const name = part.name as Field;
    const value = (part.pair === undefined ? example : pairs[part.pair])?.[name];
    if (value === undefined)
      throw new Unreachable(`a template has {${part.name}} where there is no such value`);
    if (name === 'options') builder.add(value);
    else builder.mark(name, value);
  }
  return builder.finish();
}
