import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openLimiter, workOf } from '../../../../activities/synthesize/endpoint/limiter.ts';
import { type Server, simulate, slotServer } from './simulated-server.ts';

const limiter = (ceiling = 1_000) => openLimiter({ ceiling, deadlineMs: 300_000 });
const late = (limits: readonly number[]): number[] => limits.slice(-100).sort((a, b) => a - b);
const middle = (values: readonly number[]): number => values[values.length >> 1] ?? 0;

describe('the limit, in simulated time', () => {
  test.each([16, 64, 250])(
    'keeps %i slots full by latency alone, with a small queue behind them',
    (slots) => {
      const { rate, limits } = simulate(
        [limiter()],
        slotServer(() => slots),
        300,
      );
      expect(rate(0)).toBeGreaterThan(0.97 * slots);
      expect(rate(60)).toBeGreaterThan(0.985 * slots);
      const typical = middle(late(limits));
      expect(typical).toBeGreaterThanOrEqual(slots);
      expect(typical).toBeLessThan(Math.max(slots * 1.5, slots + 32));
    },
  );
  test.each([64, 200])(
    'and does so where one answer in a hundred takes ten times its time (%i slots)',
    (slots) => {
      const { rate, limits } = simulate(
        [limiter()],
        slotServer(() => slots),
        300,
        { stragglers: 0.01 },
      );
      expect(rate(0)).toBeGreaterThan(0.97 * slots);
      expect(middle(late(limits))).toBeLessThan(slots * 1.7);
    },
  );
  test('grows to the ceiling at once where latency does not grow, and stays there', () => {
    const { rate, limits } = simulate(
      [limiter(100)],
      slotServer(() => 1_000),
      300,
    );
    expect(limits[4]).toBe(100);
    expect(rate(60)).toBeGreaterThan(0.99 * 100);
    expect(limits.filter((limit) => limit < 100).length).toBeLessThan(10);
  });
  test('is not misled by a server whose every answer slows down as the batch grows', () => {
    // As continuous batching on a GPU does: from 1 to 256 in flight each token takes 3.5 times as long.
    const graded: Server = (now, work, n) => now + work * (1 + n / 100) * Math.max(1, n / 256);
    const { rate } = simulate([limiter()], graded, 600);
    expect(rate(100)).toBeGreaterThan(0.9 * (256 / 3.56));
  });
  test('two workers keep one server full together', () => {
    const { rate, each } = simulate(
      [limiter(128), limiter(128)],
      slotServer(() => 64),
      200,
    );
    expect(rate(0)).toBeGreaterThan(0.97 * 64);
    for (const limits of each) expect(Math.min(...late(limits))).toBeGreaterThanOrEqual(16);
  });
  test('follows a server that becomes larger', () => {
    const server = slotServer((now) => (now < 100 ? 32 : 128));
    expect(simulate([limiter()], server, 300).rate(200)).toBeGreaterThan(0.97 * 128);
  });
  test('stays under the number at which the server refuses, and keeps it full', () => {
    const { rate, refused } = simulate(
      [limiter(256)],
      slotServer(() => 64, 16),
      300,
    );
    expect(rate(0)).toBeGreaterThan(0.97 * 64);
    // Of about 19,000.
    expect(refused).toBeLessThan(400);
  });
  test('comes back within seconds from a storm of refusals, during which it asks little', () => {
    const server = slotServer(() => 64);
    const stormy: Server = (now, work, n) => (now > 100 && now < 110 ? 'refused' : server(now, work, n));
    const { rate, limits, refused } = simulate([limiter()], stormy, 200);
    expect(limits[109]).toBe(1);
    expect(refused).toBeLessThan(500);
    expect(rate(125)).toBeGreaterThan(0.97 * 64);
  });
  test('an even length of all answers does no harm', () => {
    expect(
      simulate(
        [limiter()],
        slotServer(() => 64),
        200,
        { work: () => 1 },
      ).rate(0),
    ).toBeGreaterThan(62);
  });
  test('does not grow where answers take a quarter of the deadline', () => {
    const tight = openLimiter({ ceiling: 10_000, deadlineMs: 4_000 });
    const { limits } = simulate([tight], (now) => now + 1.5, 100);
    expect(Math.max(...limits)).toBeLessThanOrEqual(128);
  });
});

test('whatever comes back, the limit is between 1 and the ceiling and tickets are counted', () => {
  const end = fc.record({
    how: fc.constantFrom('answered' as const, 'refused' as const, 'ended' as const),
    ms: fc.double({ min: 0, max: 1e6, noNaN: true }),
    work: fc.double({ min: 0, max: 1e6, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.array(end, { maxLength: 400 }), (ceiling, ends) => {
      const one = limiter(ceiling);
      for (const { how, ms, work } of ends) {
        const others = Array.from({ length: one.limit - 1 }, () => one.start());
        const ticket = one.start();
        if (how === 'answered') one.answered(ticket, ms, work);
        else one[how](ticket);
        for (const other of others) one.ended(other);
        expect(one.limit).toBeGreaterThanOrEqual(1);
        expect(one.limit).toBeLessThanOrEqual(ceiling);
        expect(Number.isInteger(one.limit)).toBe(true);
        expect(one.inFlight).toBe(0);
      }
    }),
  );
});
test('work is new tokens, and those of the prompt that had to be read at a fiftieth', () => {
  expect(workOf({ promptTokens: 600, cachedTokens: 100, completionTokens: 40 })).toBe(51);
});
