import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takes, WHENS } from '../../../activities/mix/form.ts';
import { copiesOf } from '../../../activities/mix/mix.ts';
import { divide } from '../../../activities/mix/share.ts';
import { unitOf, unitRecord } from '../../../activities/mix/unit.ts';
import { MixShortfall } from '../../../lake/errors.ts';

const mix = { maxRepeat: 4, strict: false };

describe('forms', () => {
  const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  test('a mix takes one form of every slot, and a smaller share is part of a larger one', () => {
    fc.assert(
      fc.property(draws, draws, draws, (draw, a, b) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)].map((share) => ({ share, alsoRaw: false }));
        if (small === undefined || large === undefined) return;
        for (const forms of [small, large]) {
          expect(takes(forms, 'converted', draw)).toBe(!takes(forms, 'raw', draw));
          expect(takes(forms, 'rawOnly', draw)).toBe(takes(forms, 'raw', draw));
          expect(takes(forms, 'always', draw)).toBe(true);
        }
        if (takes(small, 'converted', draw)) expect(takes(large, 'converted', draw)).toBe(true);
      }),
    );
  });
  test('with alsoRaw the raw texts of chains stand beside them, those without pairs once', () => {
    const forms = { share: 0.5, alsoRaw: true };
    expect(WHENS.map((when) => takes(forms, when, 0.2))).toEqual([true, true, true, false]);
    expect(WHENS.map((when) => takes(forms, when, 0.7))).toEqual([true, false, true, true]);
  });
  test('a unit is its record again', () => {
    const unit = { tokens: 12, documents: 3, draw: 0.123456789, when: 'rawOnly' as const };
    const id = 'ab'.repeat(16);
    expect(unitOf(unitRecord('seed', 'raw', id, unit))).toEqual({ unit: id, ...unit });
  });
});
describe('shares of a mix', () => {
  test('without a total the first source is used once and sets it', () => {
    const sources = [
      { source: 'augmented', weight: 1, unique: 1000 },
      { source: 'instructions-1', weight: 1, unique: 300 },
    ];
    expect(divide(mix, sources)).toEqual([
      { source: 'augmented', weight: 1, unique: 1000, asked: 1000, passes: 1, rest: 0, shortfall: 0 },
      { source: 'instructions-1', weight: 1, unique: 300, asked: 1000, passes: 3, rest: 100, shortfall: 0 },
    ]);
  });
  test('beyond maxRepeat there is a counted shortfall, an error where the spec is strict', () => {
    const sources = [
      { source: 'augmented', weight: 1, unique: 1000 },
      { source: 'raw', weight: 1, unique: 100 },
    ];
    expect(divide(mix, sources)[1]).toMatchObject({ asked: 1000, passes: 4, rest: 0, shortfall: 600 });
    expect(() => divide({ ...mix, strict: true }, sources)).toThrow(MixShortfall);
  });
  test('a total is divided by weight', () => {
    const sources = [
      { source: 'augmented', weight: 3, unique: 50_000 },
      { source: 'raw', weight: 1, unique: 50_000 },
    ];
    expect(divide({ ...mix, tokens: 1000 }, sources).map(({ asked }) => asked)).toEqual([750, 250]);
  });
  test('a budget is in tokens or in repeats, whatever others take', () => {
    const sources = [
      { source: 'augmented', repeat: 1.5, unique: 1000 },
      { source: 'raw', tokens: 700, unique: 500 },
      { source: 'instructions-2', repeat: 1, unique: 0 },
    ];
    expect(divide(mix, sources).map(({ asked, passes, rest }) => [asked, passes, rest])).toEqual([
      [1500, 1, 500],
      [700, 1, 200],
      [0, 0, 0],
    ]);
  });
  test('a source without tokens is an error that names it', () => {
    expect(() => divide(mix, [{ source: 'raw', weight: 1, unique: 0 }])).toThrow(/raw has no tokens/);
  });
  test('what is given and what is missing add up to what was asked', () => {
    const source = fc.record({
      weight: fc.double({ min: 0.01, max: 100, noNaN: true }),
      unique: fc.integer({ min: 1, max: 1e9 }),
    });
    fc.assert(
      fc.property(
        fc.array(source, { minLength: 1, maxLength: 6 }),
        fc.option(fc.integer({ min: 1, max: 1e10 })),
        (list, tokens) => {
          const sources = list.map((each, i) => ({ ...each, source: `s${i}` }));
          for (const share of divide(tokens === null ? mix : { ...mix, tokens }, sources)) {
            expect(share.passes * share.unique + share.rest + share.shortfall).toBe(share.asked);
            expect(share.rest).toBeLessThan(share.unique);
            expect(share.passes).toBeLessThanOrEqual(4);
          }
        },
      ),
    );
  });
});

describe('copies of a unit', () => {
  const cut = { key: '8000000000000000', unit: 'bb' };
  test('one more before the cut, by hash and then by id', () => {
    expect(copiesOf({ passes: 2, cut }, 0n, 'zz')).toBe(3);
    expect(copiesOf({ passes: 2, cut }, 2n ** 63n, 'aa')).toBe(3);
    expect(copiesOf({ passes: 2, cut }, 2n ** 63n, 'bb')).toBe(2);
    expect(copiesOf({ passes: 0, cut }, 2n ** 64n - 1n, 'aa')).toBe(0);
    expect(copiesOf({ passes: 1, cut: null }, 0n, 'aa')).toBe(1);
  });
});
