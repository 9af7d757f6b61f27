import { expect, test } from 'vitest';
import { figuresOf } from '../../activities/judge/figures.ts';
import { countsOfManifest } from '../../client/view/lake-record.ts';
import { statusLines, summaryLines } from '../../client/view/summary.ts';
import { manifestOf, stateOf } from './run-states.ts';

const times = { startedAt: '2026-01-05T02:00:00.000Z', closedAt: '2026-01-05T02:00:10.000Z' };
const completed = { status: 'completed', phase: 'done', ...times } as const;

test('the end of a run, from rows to training', () => {
  const training = {
    name: 'x',
    seconds: 0.7361,
    metrics: { loss: 3.23911, step: 10 },
    output: '/jobs/x/output',
  };
  const manifest = manifestOf();
  expect(summaryLines(stateOf({ ...completed, model: 'some-model', manifest, training }))).toEqual([
    'biomed/r1 completed after 10 s.',
    '  rows                20 planned, 12 kept, 3 duplicates, 4 rejects, 1 of failed sources',
    '  duplicates          3 dropped, 1 of them near: `instruct-lake duplicates biomed/r1` shows of what',
    '  rejects             3 quality:gopherQuality.words, 1 blank',
    '  texts               12 prompted, 10 with pairs',
    '  pairs               1,234,567 valid, 123456.7 a text',
    '  documents           4 chains, 6 documents, 3,000 tokens',
    '  instructions        5 documents, 400 tokens',
    '  mix augmented       6 documents, 3,000 of 3,000 tokens, 1.00 epochs',
    '  mix instructions-1  3 documents, 1,000 of 3,000 tokens, 2.50 epochs, 2,000 tokens SHORT (maxRepeat)',
    '  shards              1 shard, 9 documents, 4,000 tokens, 8.2 kB (uint16)',
    '  training            0.7361 s, loss 3.239, step 10',
    '  output              /jobs/x/output',
  ]);
});

test('duplicates of earlier runs are counted where there are any, and nothing is said of none', () => {
  const { counts } = manifestOf();
  const manifest = manifestOf({ counts: { ...counts, rows: { ...counts.rows, earlierDuplicates: 2 } } });
  const lines = summaryLines(stateOf({ ...completed, manifest }));
  expect(lines).toContain(
    '  duplicates          3 dropped, 1 of them near, 2 of earlier runs: `instruct-lake duplicates biomed/r1` shows of what',
  );
  const rows = { ...manifest.counts.rows, kept: 15, duplicates: 0, nearDuplicates: 0 };
  const none = manifestOf({ counts: { ...manifest.counts, rows } });
  expect(summaryLines(stateOf({ ...completed, manifest: none })).join('\n')).not.toContain(
    'instruct-lake duplicates',
  );
});

test("a judge's figures stand beside the paper's", () => {
  const said = { judgement: { accuracy: 1, relevance: 0, task: 'summary' }, failed: undefined } as const;
  const all = [said, said, said, { judgement: undefined, failed: 'unparsable' } as const];
  const judge = figuresOf({ endpoint: 'e', model: 'some\x07-judge' }, all);
  const lines = summaryLines(stateOf({ ...completed, manifest: manifestOf(), judge }));
  expect(lines).toContain(
    '  judge               100.0 % accurate, 0.0 % relevant, 1 kind of task; 3 of 4 pairs judged by some\\x07-judge, 1 unparsable',
  );
  expect(lines.join('\n')).toMatch(/the paper.*general 77\.5\/92\.9\/49/);
  const none = summaryLines(stateOf({ ...completed, judge: figuresOf({ endpoint: 'e', model: 'm' }, []) }));
  expect(none.join('\n')).toContain('- accurate');
});

test.each([
  ['the workflow says so', stateOf({ ...completed, model: 'instruct-lake-rules' })],
  ['the manifest says so', stateOf({ ...completed, manifest: manifestOf({ smokeTest: true }) })],
])('pairs of the rules model are announced first when %s', (_, state) => {
  expect(summaryLines(state)[0]).toMatch(
    /^The pairs are from instruct-lake-rules.*smoke test of the machinery/,
  );
});

test('a failure names class, message and phase, and earlier publications', () => {
  const failure = { type: 'SpecConflict', message: 'another \x1b[1mspec' };
  const state = stateOf({ status: 'failed', phase: 'open', failure, ...times });
  expect(summaryLines(state)).toEqual([
    'biomed/r1 failed after 10 s in phase open: SpecConflict: another \\x1b[1mspec',
  ]);
  const published = summaryLines({ ...state, manifest: manifestOf() });
  expect(published[0]).toContain('An earlier execution of this run has published');
  expect(published.join('\n')).toContain('12 kept');
});

test('failed sources are listed, and those beyond the list counted', () => {
  const sources = [{ key: 'raw/a\x07.parquet', type: 'CorruptParquet', message: 'no magic' }];
  const lines = summaryLines(stateOf({ ...completed, failures: { total: 3, sources } }));
  expect(lines.slice(1)).toEqual([
    '  failed: raw/a\\x07.parquet  CorruptParquet: no magic',
    '  … and 2 failed sources more',
  ]);
});

test('a run known to the lake alone says so, published or not', () => {
  const lake = { source: 'lake', manifest: manifestOf() } as const;
  expect(summaryLines(stateOf({ ...lake, status: 'completed' }))[0]).toContain('read from the lake');
  expect(summaryLines(stateOf({ source: 'lake', status: 'unfinished' }))[0]).toContain('ingest it again');
  const gone = { source: 'lake', status: 'unfinished', mode: 'incremental' } as const;
  expect(summaryLines(stateOf({ ...gone, standing: 'retracted' }))[0]).toContain('it was retracted since');
  expect(summaryLines(stateOf({ ...gone, standing: 'closed' }))[0]).toContain('without a publication');
});

test('status shows phases while a run goes on and the summary after', () => {
  const view = { now: Date.parse(times.closedAt), color: false, columns: 100, unicode: true };
  expect(statusLines(stateOf({ phase: 'scan', ...times, closedAt: null }), view)[0]).toBe(
    'biomed/r1  running  10 s',
  );
  expect(statusLines(stateOf(completed), view)[0]).toBe('biomed/r1 completed after 10 s.');
});

test("a manifest's counts have the names that the workflow gives them", () => {
  expect(countsOfManifest(manifestOf())).toMatchObject({
    plannedRows: 20,
    texts: 15,
    duplicates: 3,
    pairs: 1234567,
    chains: 4,
    documents: 6,
    mixedTokens: 4000,
    shortfallTokens: 2000,
    shardTokens: 4000,
    shardBytes: 8000,
  });
});
