import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Ledger, ledgerOf, ledgerRows, type UsageRecord } from '../../../activities/publish/ledger.ts';
import { ledgerProblem } from '../../../activities/publish/verify-ledger.ts';
import { noUsage, USAGE_FIELDS } from '../../../activities/synthesize/usage.ts';
import { PRICES, recordOf, sampleRecords } from '../../client/ledger-records.ts';
import { manifestOf } from '../../client/run-states.ts';

const about = {
  run: { domain: 'biomed', run: 'r1' },
  endpoint: 'default',
  model: 'm',
  prices: PRICES,
  published: 12,
};
const ledger = (records: UsageRecord[] = sampleRecords()): Ledger => ledgerOf(records, about);

const record: fc.Arbitrary<UsageRecord> = fc
  .record({
    partition: fc.constantFrom('a', 'b', 'c'),
    round: fc.nat({ max: 2 }),
    figures: fc.array(fc.nat({ max: 1_000 }), {
      minLength: USAGE_FIELDS.length,
      maxLength: USAGE_FIELDS.length,
    }),
    setAside: fc.nat({ max: 5 }),
    shared: fc.nat({ max: 5 }),
  })
  .map(({ partition, round, figures, setAside, shared }) => {
    const usage = { ...noUsage(), ...Object.fromEntries(USAGE_FIELDS.map((name, i) => [name, figures[i]])) };
    return {
      partition,
      round,
      prompted: usage.answers + setAside + shared,
      setAside,
      shared,
      reused: 0,
      usage,
    };
  });

describe('the ledger of a run', () => {
  test('has the same totals by rounds, by partitions and by rows, in whatever order the records come', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 18 }), (records) => {
        const { total, rounds, dearest, partitions } = ledger(records);
        const rows = ledgerRows(records, PRICES);
        for (const name of ['prompted', 'setAside', 'shared', 'requests', ...USAGE_FIELDS] as const) {
          const sum = (all: readonly { [key in typeof name]: number }[]): number =>
            all.reduce((sum, row) => sum + row[name], 0);
          expect([sum(rounds), sum(dearest), sum(rows)]).toEqual([total[name], total[name], total[name]]);
        }
        expect(dearest).toHaveLength(partitions);
        const spent = rows.reduce((sum, row) => sum + (row.spent ?? 0), 0);
        expect(spent).toBeCloseTo(total.money?.spent ?? Number.NaN, 6);
        expect(ledger(records.toReversed())).toEqual(ledger(records));
      }),
    );
  });
  test('names the partitions that took the most, and not more than a view holds', () => {
    const many = Array.from({ length: 500 }, (_, i) => recordOf(`p-${i}`, 0, 1, { promptTokens: i }));
    const { dearest, partitions } = ledger(many);
    expect(partitions).toBe(500);
    expect(dearest.map(({ partition }) => partition)).toEqual(
      Array.from({ length: 20 }, (_, i) => `p-${499 - i}`),
    );
  });
  test('without prices has no money and says why; what is estimated it says too', () => {
    const { total, rounds, notes } = ledgerOf(sampleRecords(), { ...about, prices: undefined });
    expect([total, ...rounds].map(({ money }) => money)).toEqual([null, null, null]);
    expect(notes).toEqual([
      expect.stringMatching(/^No money: .*no prices for endpoint default/),
      expect.stringMatching(/^Lost requests are estimated/),
    ]);
    expect(ledgerOf([recordOf('a', 0, 1, {})], about).notes).toEqual([]);
  });
});

describe('the ledger and the manifest', () => {
  const core = manifestOf({ failedSources: [] });
  test('agree', () => {
    expect(ledgerProblem(ledger(), core)).toBeUndefined();
  });
  test.each([
    ['a text that nobody prompted', (l: Ledger) => l.total.prompted++, /were prompted/],
    ['an answer counted twice', (l: Ledger) => l.total.answers++, /12 were prompted, and 13 answered/],
    [
      'an answer lost in a round',
      (l: Ledger) => (l.rounds[0] as { answers: number }).answers--,
      /in round 0/,
    ],
    ['a request too many', (l: Ledger) => l.total.requests++, /requests of the run/],
    ['tokens of nowhere', (l: Ledger) => l.total.seconds++, /seconds of its rounds/],
    [
      'tokens that entries do not have',
      (l: Ledger) => {
        l.total.promptTokens += 5;
        (l.rounds[0] as { promptTokens: number }).promptTokens += 5;
      },
      /entries count 100 promptTokens/,
    ],
    ['more from the cache than was sent', (l: Ledger) => (l.total.cachedTokens = 1_000), /cached/],
    [
      'texts that are unpublished for no reason',
      (l: Ledger) => l.unpublished++,
      /the manifest says 12 and 1/,
    ],
  ])('%s is found', (_, change, says) => {
    const changed = ledger();
    change(changed);
    expect(ledgerProblem(changed, core)).toMatch(says);
  });
  test('texts of sources that failed later were paid for; without such a source they are an error', () => {
    const more = [...sampleRecords(), recordOf('c-3', 0, 3, { promptTokens: 9 })];
    const failed = manifestOf({ failedSources: [{ key: 'raw/c.parquet', type: 'BadRequest' }] });
    expect(ledger(more).unpublished).toBe(3);
    expect(ledgerProblem(ledger(more), failed)).toBeUndefined();
    expect(ledgerProblem(ledger(more), core)).toMatch(/3 prompted texts are unpublished/);
  });
});
