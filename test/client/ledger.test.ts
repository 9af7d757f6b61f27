import { expect, test } from 'vitest';
import { ledgerOf } from '../../activities/publish/ledger.ts';
import { ledgerLines, spendingOf } from '../../client/view/ledger-lines.ts';
import { renderRun } from '../../client/view/render.ts';
import { summaryLines } from '../../client/view/summary.ts';
import { PRICES, recordOf, sampleRecords } from './ledger-records.ts';
import { stateOf } from './run-states.ts';

const about = {
  run: { domain: 'biomed', run: 'r1' },
  endpoint: 'default',
  model: 'some-model',
  prices: PRICES,
  published: 12,
};

test('a ledger by rounds and partitions, with what was of no use and what the cache saved', () => {
  expect(ledgerLines(ledgerOf(sampleRecords(), about))).toEqual([
    'biomed/r1: what it took of endpoint default, model some-model',
    'prices per million tokens: 2 prompt, 0.5 cached, 10 completion, in EUR',
    '           texts  requests  prompt  cached  completion  seconds      EUR',
    '  round 1      6         7      38       0          25        3  0.00033',
    '  round 2      6         7      62      20          25        5  0.00036',
    '  total       12        14     100      20          50        8  0.00069',
    'wasted: 1 answer of no use, 0 requests failed: 7 tokens, 0.000014 EUR',
    'lost in flight (estimated): 1 request, 4 tokens, 0.0000080 EUR',
    "from the server's cache: 20 tokens, 20 % of the prompts; saved 0.000030 EUR",
    '2 partitions; those that took the most:',
    '       texts  requests  prompt  cached  completion  seconds      EUR',
    '  a-1      8         8      80      20          40        6  0.00053',
    '  b-2      4         6      20       0          10        2  0.00016',
    expect.stringMatching(/^Lost requests are estimated/),
  ]);
});

test('without prices there is no money in it, and it says so', () => {
  const lines = ledgerLines(
    ledgerOf([recordOf('a\x1b', 0, 1, { promptTokens: 5 })], {
      ...about,
      prices: undefined,
      published: undefined,
    }),
    2,
  );
  expect(lines.join('\n')).not.toContain('EUR');
  expect(lines).toContain('2 rounds not finished: their answers are counted as wasted until they are');
  expect(lines.at(-1)).toMatch(/^No money: it is reckoned when the run is published/);
});

test('a run under way shows tokens and money from its progress', () => {
  const counts = {
    prompted: 4,
    promptTokens: 1_200,
    completionTokens: 300,
    lostRequests: 2,
    'spent.EUR': 1_234_567,
  };
  expect(spendingOf(counts)).toBe(
    '1,200 tokens in, 300 out, 1.23 EUR, 2 requests lost in flight (estimated)',
  );
  expect(spendingOf({ promptTokens: 1_200, cachedTokens: 900, completionTokens: 3 })).toBe(
    '1,200 tokens in (900 cached), 3 out',
  );
  expect(spendingOf({ prompted: 4 })).toBe('');
  const view = { now: 0, columns: 200, color: false, unicode: true };
  const lines = renderRun(stateOf({ phase: 'synthesize', total: 2, counts }), view);
  expect(lines.join('\n')).toContain('4 texts prompted, 1,200 tokens in, 300 out, 1.23 EUR');
});

test('the summary has the ledger in a line, and money among the counts of a run without a manifest', () => {
  const ledger = ledgerOf(sampleRecords(), about);
  expect(summaryLines(stateOf({ status: 'completed', ledger }))).toContain(
    '  endpoint  14 requests, 100 tokens in, 20 of them cached, 50 out, 7 wasted, 1 request lost in flight (estimated), 0.00069 EUR',
  );
  expect(summaryLines(stateOf({ status: 'failed', counts: { 'spent.USD': 12_340_000 } }))).toContain(
    '  spent.USD  12.34 USD',
  );
});
