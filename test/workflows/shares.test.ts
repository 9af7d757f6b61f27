import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutDown, levelUp, nextShare, roundsOf, toCut } from '../../workflows/shares.ts';

const sum = (shares: readonly number[]): number => shares.reduce((total, share) => total + share, 0);
const ceilings = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100_000 }));

test('how many rounds have a ceiling between them', () => {
  const all = (ceiling: number): number => roundsOf(ceiling, ceiling);
  expect([1, 3, 8, 64, 256, 1024].map(all)).toEqual([1, 3, 8, 8, 8, 32]);
  // Four lanes with a quarter each.
  expect(roundsOf(16, 64)).toBe(2);
  expect(roundsOf(1, 4)).toBe(1);
  fc.assert(
    fc.property(ceilings, fc.double({ min: 0, max: 1, noNaN: true }), (ceiling, part) => {
      const share = Math.max(1, Math.floor(ceiling * part));
      const rounds = roundsOf(share, ceiling);
      expect(rounds).toBeGreaterThanOrEqual(1);
      expect(rounds).toBeLessThanOrEqual(share);
    }),
  );
});

test('those who come one after the other get even shares, at least one each and all of it together', () => {
  fc.assert(
    fc.property(ceilings, fc.integer({ min: 1, max: 64 }), (ceiling, most) => {
      const width = Math.min(ceiling, most);
      const held: number[] = [];
      while (held.length < width) held.push(nextShare(ceiling, held, width - held.length));
      expect(sum(held)).toBe(ceiling);
      expect(Math.min(...held)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
      expect(nextShare(ceiling, held, 1)).toBe(0);
      expect(toCut(ceiling, width, held)).toEqual([]);
    }),
  );
  expect(nextShare(5, [Number.POSITIVE_INFINITY], 2)).toBe(0);
});

const shares = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.constant(Number.POSITIVE_INFINITY)), {
  minLength: 1,
  maxLength: 12,
});

test('a lower ceiling takes from some and gives nobody anything', () => {
  expect(cutDown(32, [48, 16])).toEqual([16, 16]);
  expect(cutDown(2, [4, 4, 4])).toEqual([1, 1, 0]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), shares, (ceiling, held) => {
      const cut = cutDown(ceiling, held);
      expect(sum(cut)).toBeLessThanOrEqual(ceiling);
      for (const [i, share] of cut.entries()) {
        expect(share).toBeLessThanOrEqual(held[i] as number);
        expect(share >= 1 || held.length > ceiling).toBe(true);
      }
    }),
  );
});

test('what is free goes to the smallest, and nobody loses anything', () => {
  expect(levelUp(64, [1, 1, 1])).toEqual([22, 21, 21]);
  expect(levelUp(64, [16, 16, 16, 0])).toEqual([16, 16, 16, 16]);
  expect(levelUp(10, [7, 1, 0])).toEqual([7, 1, 2]);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 60 }),
      fc.array(fc.nat(20), { minLength: 1, maxLength: 8 }),
      (more, held) => {
        const level = levelUp(sum(held) + more, held);
        expect(sum(level)).toBe(sum(held) + more);
        const raised = level.filter((share, i) => share > (held[i] as number));
        for (const [i, share] of level.entries()) {
          expect(share).toBeGreaterThanOrEqual(held[i] as number);
          // Who got something has no more than who got nothing, but for the last one that is not divisible.
          if (raised.length > 0) expect(share).toBeGreaterThanOrEqual(Math.max(...raised) - 1);
        }
      },
    ),
  );
});

describe('rounds under way begin again', () => {
  test.each([
    ['not while all is handed out', 64, 8, [8, 8, 8, 8, 8, 8, 8, 8], []],
    ['not while somebody is to come for what is free', 64, 8, [8, 8, 8, 8, 8, 8, 8], []],
    ['when the smallest would have twice as much', 64, 7, [8, 8, 8, 8, 8, 8, 8], [0]],
    ['until the last one has it all', 3, 1, [1], [0]],
    ['all together when the ceiling is much higher', 64, 8, [1, 1, 1], [0, 1, 2]],
    ['as many as would have twice as much', 12, 8, [1, 1, 1, 1, 1, 1, 1, 1], [0, 1, 2, 3]],
    ['when they hold too much', 32, 8, [8, 8, 8, 8, 8, 8, 8, 8], [0, 1, 2, 3, 4, 5, 6, 7]],
    ['when they are too many', 2, 2, [1, 1, 1, 1], [2, 3]],
    ['all of them when there is nothing to have', 0, 0, [2, 1], [0, 1]],
    ['when they had no ceiling', 8, 2, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], [0, 1]],
  ] as const)('%s', (_, ceiling, width, held, cut) => {
    expect(toCut(ceiling, width, held)).toEqual(cut);
  });

  test('and what stays keeps within the ceiling, those cut get more unless they had too much', () => {
    const room = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(room, fc.integer({ min: 1, max: 12 }), shares, (ceiling, most, held) => {
        const width = Math.min(most, ceiling);
        const tooMuch = held.length > width || sum(held) > ceiling;
        const cut = toCut(ceiling, width, held);
        const staying = held.filter((__, i) => !cut.includes(i));
        expect(staying.length).toBeLessThanOrEqual(width);
        expect(sum(staying)).toBeLessThanOrEqual(ceiling);
        // Everybody who is to come gets something; who was cut without need at least twice as much.
        const before = staying.length;
        while (staying.length < width) {
          const share = nextShare(ceiling, staying, width - staying.length);
          expect(share).toBeGreaterThanOrEqual(before === held.length ? 0 : 1);
          if (!tooMuch && cut.length > 0) {
            expect(share).toBeGreaterThanOrEqual(2 * Math.max(...cut.map((i) => held[i] as number)));
          }
          staying.push(share);
        }
        expect(sum(staying)).toBeLessThanOrEqual(ceiling);
        expect(toCut(ceiling, width, held)).toEqual(cut);
      }),
      { numRuns: 1000 },
    );
  });
});
