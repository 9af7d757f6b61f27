import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutDropped } from '../../../activities/filter/chains.ts';
import { chainsOf } from '../../../activities/synthesize/entry.ts';
import type { Pair } from '../../../workflows/contract.ts';

interface Each {
  id: string;
  linked: boolean;
  pairs: Pair[];
}
const pair = (question: string): Pair => ({ question, answer: 'a', kind: 'plain' });
const entry = (id: string, pairs: number, linked: boolean): Each => ({
  id,
  linked,
  pairs: Array.from({ length: pairs }, (_, i) => pair(`${id}${i}`)),
});
const shape = (chains: Each[][]): string[][] =>
  chains.map((chain) => chain.map(({ id, pairs }) => `${id}${pairs.length}`));

describe('entries without their dropped pairs', () => {
  const slot = [entry('a', 2, false), entry('b', 1, true), entry('c', 2, true)];
  test('one that keeps a pair keeps its links', () => {
    const left = withoutDropped(slot, new Map([['c', new Set([0])]]));
    expect(shape(chainsOf(left))).toEqual([['a2', 'b1', 'c1']]);
    expect(left[2]?.pairs).toEqual([pair('c1')]);
  });
  test('one that loses all stands alone, and what came behind it begins a chain', () => {
    expect(shape(chainsOf(withoutDropped(slot, new Map([['b', new Set([0])]]))))).toEqual([
      ['a2'],
      ['b0'],
      ['c2'],
    ]);
    expect(shape(chainsOf(withoutDropped(slot, new Map([['a', new Set([0, 1])]]))))).toEqual([
      ['a0'],
      ['b1', 'c2'],
    ]);
  });
  test('nothing dropped changes nothing; links never come up anew, and only chains without pairs are single raw texts', () => {
    const slots = fc.array(fc.tuple(fc.nat(3), fc.boolean(), fc.array(fc.nat(2), { maxLength: 3 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(slots, (shapes) => {
        const entries: Each[] = [];
        for (const [i, [pairs, wish]] of shapes.entries()) {
          // As rounds make them: linked entries have pairs, and so has the one before.
          const linked = wish && pairs > 0 && (entries.at(-1)?.pairs.length ?? 0) > 0;
          entries.push(entry(String(i), pairs, linked));
        }
        expect(withoutDropped(entries, new Map())).toEqual(entries);
        const dropped = new Map(shapes.map(([, , gone], i) => [String(i), new Set(gone)]));
        const left = withoutDropped(entries, dropped);
        for (const [i, each] of left.entries()) {
          const before = entries[i] as Each;
          const gone = dropped.get(each.id) as Set<number>;
          expect(each.pairs).toEqual(before.pairs.filter((_, n) => !gone.has(n)));
          expect(each.linked && !before.linked).toBe(false);
        }
        const chains = chainsOf(left);
        expect(chains.flat()).toEqual(left);
        for (const chain of chains) {
          expect(chain.length === 1 || chain.every(({ pairs }) => pairs.length > 0)).toBe(true);
        }
      }),
    );
  });
});
