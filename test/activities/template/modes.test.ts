import { expect, test } from 'vitest';
import { drawMode } from '../../../activities/template/plan.ts';
import { MODES, type Mode } from '../../../activities/template/pool-file.ts';
import { defaultPools, draw } from '../../../activities/template/pools.ts';
import { renderChain } from '../../../activities/template/render.ts';
import { openStream } from '../../../lake/random.ts';
import type { Pair } from '../../../workflows/contract.ts';

const DRAWS = 20_000;
const pair: Pair = { kind: 'plain', question: 'Q', answer: 'A' };

/** Pearson's statistic of counts against shares. */
function chiSquare(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((a, b) => a + b, 0);
  const whole = shares.reduce((a, b) => a + b, 0);
  return counts.reduce((sum, count, i) => {
    const expected = (total * (shares[i] ?? 0)) / whole;
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** How often each mode is drawn for 100,000 chains. */
function modes(fewestPairs: number): number[] {
  const { modes: weights } = defaultPools();
  const counts = new Map<Mode, number>();
  for (let i = 0; i < 100_000; i++) {
    const mode = drawMode(weights, 'modes', `chain-${i}/0`, fewestPairs);
    counts.set(mode, (counts.get(mode) ?? 0) + 1);
  }
  return MODES.map((mode) => counts.get(mode) ?? 0);
}

// By chance once in a thousand seeds: 13.82 with two degrees of freedom, 20.5 with five.
test('modes are drawn by weight, by the fewest pairs that a text has', () => {
  const few = modes(1);
  const many = modes(2);
  // Of a hundred in classic order five are turned round.
  expect(few.slice(3)).toEqual([0, 0, 0]);
  expect(chiSquare(few.slice(0, 3), [95 * 0.95, 95 * 0.05, 5])).toBeLessThan(13.82);
  expect(chiSquare(many, [80 * 0.95, 80 * 0.05, 5, 5, 5, 5])).toBeLessThan(20.5);
  expect(chiSquare(many.slice(0, 3), [95 * 0.95, 95 * 0.05, 5])).toBeGreaterThan(13.82);
});

test('wordings are drawn by weight', () => {
  const pool = defaultPools().pools['between-examples'];
  const counts = pool.wordings.map(() => 0);
  for (let i = 0; i < DRAWS; i++) {
    const at = pool.wordings.indexOf(draw(pool, openStream('wordings', 'template/between-examples', `${i}`)));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const shares = pool.wordings.map(({ weight }) => weight);
  expect(shares).toEqual([12, 4, 2, 1, 1, 1]);
  expect(chiSquare(counts, shares)).toBeLessThan(20.5);
});

test('mode and wording are drawn apart from each other', () => {
  const { modes, pools } = defaultPools();
  const pool = pools['between-examples'];
  const table = new Map<string, number>();
  for (let i = 0; i < DRAWS; i++) {
    const mode = drawMode(modes, 'apart', `chain-${i}/0`, 1);
    const { text } = draw(pool, openStream('apart', 'template/between-examples', `chain-${i}/0`));
    const cell = `${mode === 'dialog' ? mode : 'other'} ${text === '\n\n'}`;
    table.set(cell, (table.get(cell) ?? 0) + 1);
  }
  const cells = ['other true', 'other false', 'dialog true', 'dialog false'];
  const counts = cells.map((cell) => table.get(cell) ?? 0);
  const shares = [95 * 12, 95 * 9, 5 * 12, 5 * 9];
  expect(chiSquare(counts, shares)).toBeLessThan(16.27);
});

test('a chain takes the weights of the text with the fewest pairs', () => {
  const render = (id: string, pairs: Pair[][]) => {
    const examples = pairs.map((of) => ({ context: 'C', pairs: of }));
    return renderChain({ id, examples }, { seed: 'modes' }).mode;
  };
  const { modes: weights } = defaultPools();
  // Ids whose draw lies between the two shares of dialog: 5 of 100, and 5 of 85.
  const between = Array.from({ length: 2000 }, (_, i) => `chain-${i}`).filter(
    (id) => drawMode(weights, 'modes', `${id}/0`, 1) !== drawMode(weights, 'modes', `${id}/0`, 2),
  );
  expect(between.length).toBeGreaterThan(5);
  for (const id of between) {
    expect(render(id, [[pair, pair], [pair]])).toBe(drawMode(weights, 'modes', `${id}/0`, 1));
    expect(
      render(id, [
        [pair, pair],
        [pair, pair],
      ]),
    ).toBe(drawMode(weights, 'modes', `${id}/0`, 2));
  }
});
