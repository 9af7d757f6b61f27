import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type History, leftOf, NO_HISTORY, partOf, rateOf, remember } from '../../client/view/history.ts';
import type { RunState } from '../../client/view/run-state.ts';
import { stateOf } from './run-states.ts';

const startedAt = '2026-01-05T02:00:00.000Z';
const T0 = Date.parse(startedAt);

/** A run looked at in turn: seconds since its start, and what was known then. */
function seen(...looks: [seconds: number, known: Partial<RunState>][]): {
  history: History;
  state: RunState;
} {
  let history = NO_HISTORY;
  let state = stateOf();
  for (const [seconds, known] of looks) {
    state = stateOf({ startedAt, ...known });
    history = remember(history, state, T0 + seconds * 1000);
  }
  return { history, state };
}
const scan = (done: number, texts = 0): Partial<RunState> => ({
  phase: 'scan',
  done,
  total: 100,
  counts: { texts },
});
const texts = ({ history }: { history: History }) => rateOf(history, ({ counts }) => counts.texts ?? 0);

test('rates are what was added between the first look and the last', () => {
  expect(texts(seen([10, scan(0)], [20, scan(5, 300)]))).toBe(30);
  expect(texts(seen([10, scan(0)]))).toBeUndefined();
  // Over less than two seconds, or while nothing is added, nothing is said.
  expect(texts(seen([10, scan(0)], [11, scan(5, 300)]))).toBeUndefined();
  expect(texts(seen([10, scan(0, 7)], [20, scan(0, 7)]))).toBeUndefined();
});

test('what is long ago is forgotten where there is enough that is new', () => {
  const looks = Array.from({ length: 100 }, (_, i): [number, Partial<RunState>] => [
    i,
    scan(i, i < 50 ? 0 : (i - 50) * 10),
  ]);
  const { history } = seen(...looks);
  expect(texts({ history })).toBe(10);
  expect(history.samples.length).toBeLessThan(40);
});

test('long partitions: the mean is over several of them, and does not fall to nothing in between', () => {
  // A partition each 100 s, looked at every second.
  const looks = Array.from({ length: 1051 }, (_, i): [number, Partial<RunState>] => [
    i,
    scan(Math.floor(i / 100)),
  ]);
  const { history, state } = seen(...looks);
  expect(history.samples.length).toBeLessThan(50);
  expect(rateOf(history, ({ done }) => done)).toBeCloseTo(0.01, 2);
  const left = (leftOf(history, state) ?? 0) / 1000;
  expect(left).toBeGreaterThan(8_000);
  expect(left).toBeLessThan(10_000);
});

test('time left only after some seconds, a part done, and before the end', () => {
  const left = (...looks: [number, Partial<RunState>][]) => {
    const { history, state } = seen(...looks);
    return leftOf(history, state);
  };
  expect(left([0, scan(0)], [10, scan(20)])).toBe(40_000);
  expect(left([0, scan(0)], [4, scan(20)])).toBeUndefined();
  expect(left([0, scan(0)], [10, scan(1)])).toBeUndefined();
  expect(left([0, scan(0)], [10, scan(100)])).toBeUndefined();
  expect(left([0, scan(50)], [10, scan(50)])).toBeUndefined();
});

test('in synthesis the texts tell how much is done, before any partition is', () => {
  const known = { phase: 'synthesize', total: 1, share: 0.5 } as const;
  const at = (prompted: number, done = 0) =>
    partOf(stateOf({ ...known, done, counts: { texts: 110, duplicates: 10, prompted } }));
  expect([at(0), at(10), at(25), at(50), at(70), at(70, 1)]).toEqual([0, 0.2, 0.5, 0.99, 0.99, 1]);
  expect(partOf(stateOf({ ...known, share: null, counts: { texts: 9, prompted: 5 } }))).toBe(0);
  expect(partOf(stateOf({ phase: 'open' }))).toBeUndefined();
});

test('phases that were seen from beginning to end have a length; those between two looks had none', () => {
  const { history } = seen(
    [1, { phase: 'open' }],
    [3, scan(0)],
    [9, scan(100)],
    [10, { phase: 'synthesize', total: 12 }],
    [25, { phase: 'template' }],
  );
  expect(history.took).toEqual({ open: 3000, plan: 0, scan: 7000, dedupe: 0, synthesize: 15000 });
  // Who came later does not know when the phase began.
  expect(seen([100, scan(7)], [110, { phase: 'dedupe' }]).history.took).toEqual({});
});

test('a run that was started again and a new phase begin anew', () => {
  const again = '2026-01-05T03:00:00.000Z';
  const before: [number, Partial<RunState>][] = [
    [1, { phase: 'open' }],
    [3, scan(0)],
    [9, scan(50, 90)],
  ];
  const anew = (known: Partial<RunState>) => seen(...before, [20, known]).history;
  expect(anew({ ...scan(50, 90), startedAt: again })).toMatchObject({ took: {}, samples: [{ done: 50 }] });
  expect(anew({ phase: 'plan' })).toMatchObject({ took: {}, phase: 'plan' });
  expect(anew({ phase: 'template' }).samples).toHaveLength(1);
  // Without an answer nothing is known, and nothing is forgotten.
  expect(anew({ phase: null })).toEqual(seen(...before).history);
});

test('a lane that closes between two answers is missed for a moment: that is no beginning', () => {
  const before: [number, Partial<RunState>][] = [
    [1, { phase: 'open' }],
    [3, scan(0)],
    [9, scan(50, 90)],
  ];
  const { history } = seen(...before);
  expect(seen(...before, [10, scan(10, 90)]).history).toEqual(history);
  expect(seen(...before, [10, scan(50, 20)]).history).toEqual(history);
  expect(seen(...before, [10, scan(10, 20)], [13, scan(60, 100)]).history.samples).toHaveLength(3);
  expect(seen(...before, [10, scan(10, 20)], [20, scan(11, 21)]).history).toMatchObject({
    since: history.since,
    took: history.took,
    samples: [{ done: 11 }],
  });
});

test('never a rate or a time that is no number', () => {
  const look = fc.tuple(fc.nat(60), fc.nat(100), fc.nat(1000));
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), (steps) => {
      let seconds = 0;
      const { history, state } = seen(
        ...steps.map(([more, done, n]): [number, Partial<RunState>] => {
          seconds += more;
          return [seconds, scan(done, n)];
        }),
      );
      for (const value of [texts({ history }), leftOf(history, state)]) {
        if (value !== undefined) expect(Number.isFinite(value) && value > 0).toBe(true);
      }
    }),
  );
});
