import { Unreachable } from '../../lake/errors.ts';
import { openStream } from '../../lake/random.ts';
import type { Pair } from '../../workflows/contract.ts';
import { type Builder, openBuilder, type Piece } from './builder.ts';
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
    const builder = openBuilder();
    write(builder, plan.opening, { context: example.context });
    for (const [j, pair] of example.pairs.entries()) {
      if (j > 0) builder.add(plan.betweenPairs);
      writePair(builder, plan, pair, options.seed, `${key}/${i}/${j}`);
    }
    return builder.finish();
  });
  const wordings = Object.fromEntries([...plan.drawn].map(([pool, { text }]) => [pool, text]));
  return { mode: plan.mode, wordings, separator: plan.betweenExamples, pieces };
}

function writePair(builder: Builder, plan: Plan, pair: Pair, seed: string, key: string): void {
  const { kind, correct } = shapeOf(pair);
  const pattern = plan.pairs(kind);
  const { question, answer, rationale = '' } = pair;
  if (correct === -1) {
    write(builder, pattern, { question, rationale, answer });
    return;
  }
  const stream = openStream(seed, 'template/options', key);
  const shown: ShownOptions = showOptions(pair.options ?? [], correct, answer, plan.options(), stream);
  write(builder, pattern, { question, rationale, options: shown.text, answer: shown.answer });
}

type Values = Partial<Record<'context' | 'question' | 'options' | 'rationale' | 'answer', string>>;

function write(builder: Builder, pattern: Pattern, values: Values): void {
  for (const part of pattern) {
    if (typeof part === 'string') {
      builder.add(part);
      continue;
    }
    const name = part.name as keyof Values;
    const value = values[name];
    if (value === undefined)
      throw new Unreachable(`a template has {${part.name}} where there is no such value`);
    if (name === 'options') builder.add(value);
    else builder.mark(name, value);
  }
}
