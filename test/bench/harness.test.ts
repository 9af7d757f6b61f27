import { describe, expect, it } from 'vitest';
import { type Contender, compare, OutputsDiffer, type Run } from '../../bench/harness.ts';
import { median, pairRatios, spreadOf } from '../../bench/statistics.ts';

const run = (digest: string, wallSeconds: number, more: Partial<Run> = {}): Run => ({
  digest,
  wallSeconds,
  ...more,
});

/** Gives the listed runs one after the other, the warm-up first, and writes down that it ran. */
function listed(name: string, runs: readonly Run[], log: string[] = []): Contender {
  const left = [...runs];
  return {
    name,
    run: async () => {
      log.push(name);
      const next = left.shift();
      if (next === undefined) throw new Error(`${name} ran too often`);
      return next;
    },
  };
}

describe('statistics', () => {
  it('takes the middle value, or the mean of the two in the middle', () => {
    expect(median([10, 9, 100])).toBe(10);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow(RangeError);
  });

  it('spreads as min, max and the median of absolute deviations', () => {
    expect(spreadOf([1, 1, 2, 2, 4, 6, 9])).toEqual({ median: 2, min: 1, max: 9, mad: 1 });
    expect(spreadOf([5])).toEqual({ median: 5, min: 5, max: 5, mad: 0 });
  });

  it('forms ratios pair by pair', () => {
    expect(pairRatios([1, 6, 9], [2, 3, 9])).toEqual([0.5, 2, 1]);
    expect(() => pairRatios([1, 2], [1])).toThrow(RangeError);
  });
});

describe('compare', () => {
  it('alternates after one round that is not measured', async () => {
    const log: string[] = [];
    const a = [99, 1, 3, 2].map((seconds) => run('x', seconds));
    const b = [99, 2, 2, 2].map((seconds) => run('x', seconds));
    const result = await compare([listed('a', a, log), listed('b', b, log)], { runs: 3 });
    expect(log.join(' ')).toBe('a b a b a b a b');
    expect(result.digest).toBe('x');
    expect(result.contenders.map(({ costs }) => costs.wallSeconds)).toEqual([
      { median: 2, min: 1, max: 3, mad: 1 },
      { median: 2, min: 2, max: 2, mad: 0 },
    ]);
    expect(result.ratios).toEqual([
      {
        of: 'a',
        to: 'b',
        costs: { wallSeconds: { median: 1, min: 0.5, max: 1.5, mad: 0.5 } },
      },
    ]);
  });

  it('takes the median of the ratios, not the ratio of the medians', async () => {
    const a = [0, 1, 10, 100].map((seconds) => run('x', seconds));
    const b = [0, 2, 5, 400].map((seconds) => run('x', seconds));
    const { ratios } = await compare([listed('a', a), listed('b', b)], { runs: 3 });
    expect(ratios[0]?.costs.wallSeconds?.median).toBe(0.5);
  });

  it('compares the work apart from the process', async () => {
    const a = [run('x', 6, { workSeconds: 4 }), run('x', 6, { workSeconds: 1 })];
    const b = [run('x', 3, { workSeconds: 4 }), run('x', 3, { workSeconds: 2 })];
    const { ratios } = await compare([listed('a', a), listed('b', b)], { runs: 1 });
    expect(ratios[0]?.costs.workSeconds?.median).toBe(0.5);
    expect(ratios[0]?.costs.wallSeconds?.median).toBe(2);
  });

  it('leaves out a cost that was not told in every run', async () => {
    const told = run('x', 1, { cpuSeconds: 3, peakBytes: 100 });
    const untold = run('x', 1, { cpuSeconds: 6 });
    const all = [told, told, told];
    const some = [untold, untold, told];
    const { contenders, ratios } = await compare([listed('a', all), listed('b', some)], { runs: 2 });
    expect(contenders.map(({ costs }) => costs.peakBytes?.median)).toEqual([100, undefined]);
    expect(ratios[0]?.costs).not.toHaveProperty('peakBytes');
    expect(ratios[0]?.costs.cpuSeconds?.median).toBe(0.75);
  });

  it('compares outputs before times: other output, no measured run, no times', async () => {
    const log: string[] = [];
    const a = listed('a', [run('one', 1.25), run('one', 1.25)], log);
    const b = listed('b', [run('two', 7.75), run('two', 7.75)], log);
    const failure = await compare([a, b], { runs: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutputsDiffer);
    expect(log).toEqual(['a', 'b']);
    const { message } = failure as OutputsDiffer;
    expect(message).toContain('a: one');
    expect(message).toContain('b: two');
    expect(message).not.toMatch(/1\.25|7\.75/);
  });

  it('fails when a later run of the only contender gives another output', async () => {
    const only = listed('only', [run('one', 1), run('one', 1), run('two', 1), run('one', 1)]);
    const failure = await compare([only], { runs: 3 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutputsDiffer);
    expect((failure as OutputsDiffer).message).toMatch(/round 2[\s\S]*before: one[\s\S]*only: two/);
  });

  it('fails when a later round agrees in itself but not with the rounds before', async () => {
    const runs = [run('one', 1), run('two', 1)];
    const both = [listed('a', runs), listed('b', runs)];
    await expect(compare(both, { runs: 1 })).rejects.toThrow(OutputsDiffer);
  });

  it('refuses to compare nothing', async () => {
    await expect(compare([], { runs: 1 })).rejects.toThrow(RangeError);
    await expect(compare([listed('a', [])], { runs: 0 })).rejects.toThrow(RangeError);
  });
});
