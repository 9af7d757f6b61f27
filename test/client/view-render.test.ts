import { expect, test } from 'vitest';
import { type History, NO_HISTORY, remember } from '../../client/view/history.ts';
import { currentLine, finishedLines, renderRun } from '../../client/view/render.ts';
import type { RunState } from '../../client/view/run-state.ts';
import { widthOf } from '../../client/view/terminal.ts';
import { waitingLine } from '../../client/view/waiting-line.ts';
import type { Parked } from '../../workflows/contract.ts';
import { stateOf } from './run-states.ts';

const startedAt = '2026-01-05T02:00:00.000Z';
const wide = { columns: 100, unicode: true };
const now = Date.parse(startedAt) + 65_000;
const counts = {
  sources: 4,
  failedSources: 0,
  texts: 51,
  rejects: 2,
  duplicates: 3,
  prompted: 20,
  pairs: 1234,
};

test('phases that are over, the one that runs, and those to come', () => {
  const state = stateOf({ phase: 'synthesize', done: 3, total: 6, counts, startedAt, trains: true });
  expect(renderRun(state, { now, ...wide, color: false })).toEqual([
    'biomed/r1  running  1 min 05 s',
    '  ✓ open',
    '  ✓ plan       4 sources',
    '  ✓ scan       51 texts, 2 rejects',
    '  ✓ dedupe     3 duplicates',
    '  ▸ synthesize ███████████████░░░░░░░░░░░░░░░  50%  3/6',
    '               20 texts prompted, 1,234 pairs',
    '  · template',
    '  · mix',
    '  · exchange',
    '  · shards',
    '  · publish',
    '  · train',
  ]);
});

test('training is a phase only of runs that train', () => {
  const lines = (trains: boolean | null) =>
    renderRun(stateOf({ phase: 'publish', trains }), { now, ...wide, color: false }).filter((line) =>
      line.includes('train'),
    );
  expect([lines(true).length, lines(false).length, lines(null).length]).toEqual([1, 0, 0]);
});

test('a run that failed says where; a completed one is over everywhere', () => {
  const failed = stateOf({ phase: 'scan', status: 'failed', total: 2, startedAt, closedAt: startedAt });
  expect(renderRun(failed, { now, ...wide, color: false }).slice(0, 4)).toEqual([
    'biomed/r1  failed  0 s',
    '  ✓ open',
    '  ✓ plan',
    '  ✗ scan       0/2',
  ]);
  const completed = stateOf({ phase: 'done', status: 'completed', done: 1, total: 1 });
  const lines = renderRun(completed, { now, ...wide, color: false }).slice(1);
  expect(lines.length).toBe(10);
  expect(lines.every((line) => line.startsWith('  ✓ '))).toBe(true);
});

test('what a run waits for is shown, and controls of others in it are not obeyed', () => {
  const waiting = {
    activity: 'synthesizeRound',
    attempt: 4,
    type: 'EndpointUnavailable',
    message: 'refused \x1b[2J\nsecond line',
    activities: 3,
  };
  const text = 'synthesizeRound (3 activities, attempt 4): EndpointUnavailable: refused \\x1b[2J';
  expect(waitingLine(waiting)).toBe(text);
  expect(waitingLine({ ...waiting, activities: 1 })).toContain('synthesizeRound (attempt 4)');
  expect(waitingLine({ ...waiting, message: 'x'.repeat(1000) }).length).toBeLessThan(300);
  const state = stateOf({ phase: 'synthesize', waiting: [waiting], startedAt });
  expect(renderRun(state, { now, ...wide, color: false }).at(-1)).toBe(`  ! waiting: ${text}`);
  expect(currentLine(state, now)).toBe(`[1 min 05 s]   synthesize  waiting: ${text}`);
});

test('what could not be asked stands where a wait would', () => {
  const state = stateOf({ notes: ['no worker answers'], startedAt });
  expect(currentLine(state, now)).toBe('[1 min 05 s]   running  no worker answers');
  expect(renderRun(state, { now, ...wide, color: false }).at(-1)).toBe('  ! no worker answers');
});

test('colours only where they are wanted', () => {
  const state = stateOf({ phase: 'scan' });
  expect(renderRun(state, { now, ...wide, color: true }).join('')).toContain('\x1b[');
  expect(renderRun(state, { now, ...wide, color: false }).join('')).not.toContain('\x1b');
});

test('plain lines: each phase once, when it is over', () => {
  const at = (phase: 'open' | 'dedupe' | 'done', after: number) =>
    finishedLines(stateOf({ phase, counts, startedAt }), after, now);
  expect(at('open', 0)).toEqual([]);
  expect(at('dedupe', 0)).toEqual([
    '[1 min 05 s] ✓ open',
    '[1 min 05 s] ✓ plan        4 sources',
    '[1 min 05 s] ✓ scan        51 texts, 2 rejects',
  ]);
  expect(at('dedupe', 3)).toEqual([]);
  expect(at('done', 3)).toHaveLength(7);
  expect(finishedLines(stateOf({ phase: null, counts, startedAt }), 0, now)).toEqual([]);
});

/** A run whose synthesis has gone on for half a minute. */
const under: RunState = stateOf({
  ...{ phase: 'synthesize', done: 3, total: 12, share: 1, startedAt },
  counts: { texts: 60, duplicates: 0, prompted: 30, pairs: 160 },
});
const history: History = [
  stateOf({ phase: 'open', startedAt }),
  stateOf({ ...under, done: 0, counts: { ...under.counts, prompted: 0, pairs: 0 } }),
  under,
].reduce((known, state, i) => remember(known, state, now - 40_000 + i * 20_000), NO_HISTORY);

test('bar, rates and time left of the phase that runs; how long those before it took', () => {
  const lines = renderRun(under, { now, history, color: false, columns: 79, unicode: true });
  expect(lines.slice(1, 7)).toEqual([
    '  ✓ open        45 s',
    '  ✓ plan         0 s',
    '  ✓ scan         0 s  60 texts',
    '  ✓ dedupe       0 s  0 duplicates',
    '  ▸ synthesize ███████████████░░░░░░░░░░░░░░░  50%  3/12',
    '               30 texts prompted, 160 pairs',
  ]);
  expect(lines[7]).toBe('               about 20 s left, 1.5 texts/s, 8.0 pairs/s, 9.0 partitions/min');
});

test('a narrow terminal without UTF-8', () => {
  const lines = renderRun(under, { now, history, color: false, columns: 39, unicode: false });
  expect(lines.slice(4, 9)).toEqual([
    '  + dedupe       0 s  0 duplicates',
    '  > synthesize [#####......]  50%  3/12',
    '               30 texts prompted, 16...',
    '               about 20 s left, 1.5 ...',
    '  . template',
  ]);
});

test('one partition shows what moves in it, and a dash while nothing does', () => {
  const one = stateOf({ phase: 'template', total: 1, counts: { tokens: 5 }, startedAt });
  const shown = renderRun(one, { now, history: remember(NO_HISTORY, one, now), ...wide, color: false });
  expect(shown.slice(6, 9)).toEqual([
    '  ▸ template   0/1',
    '               5 tokens',
    '               — left',
  ]);
});

const parked: Parked = {
  phase: 'scan',
  type: 'TooManyFailedSources',
  message: '3 of 10 sources failed:\nraw/a.parquet CorruptParquet \x1b[2J',
  since: '2026-01-05T02:10:33.123Z',
  until: '2026-01-05T08:10:33.123Z',
  onTimeout: 'fail',
  decisions: ['acceptPartial'],
};

test('a parked run says since when, why, what follows, and what ends it', () => {
  const state = stateOf({ phase: 'scan', parked, startedAt });
  const at = Date.parse('2026-01-05T03:10:33.123Z');
  const live = renderRun(state, { now: at, ...wide, color: false });
  expect(live[0]).toBe('biomed/r1  parked  1 h 10 min');
  expect(live.slice(-4)).toEqual([
    '  ! parked since 2026-01-05 02:10 UTC: TooManyFailedSources: 3 of 10 sources failed:',
    '    It fails at 2026-01-05 08:10 UTC (in 5 h 00 min). A person decides with:',
    '      instruct-lake accept biomed/r1',
    '      temporal workflow update execute --workflow-id ingest/biomed/r1 --name acceptPartial',
  ]);
  const whole = renderRun(state, { now: at, ...wide, color: false, whole: true });
  expect(whole.at(-4)).toBe('    raw/a.parquet CorruptParquet \\x1b[2J');
  expect(currentLine(state, at)).toContain(
    'parked since 2026-01-05 02:10 UTC: TooManyFailedSources: 3 of 10 sources failed: raw/a.parquet CorruptParquet \\x1b[2J. It fails',
  );
  const narrow = renderRun(state, { now: at, unicode: true, columns: 39, color: false }).slice(-5);
  expect(narrow).toEqual([
    '      instruct-lake accept biomed/r1',
    '      temporal workflow update \\',
    '        execute --workflow-id \\',
    '        ingest/biomed/r1 --name \\',
    '        acceptPartial',
  ]);
});

test('a run that waits for its domain says for whom, since when, and what to do should that have been terminated', () => {
  const waitingFor = { by: 'nightly-2026-01-04', since: '2026-01-05T02:00:33.000Z' };
  const state = stateOf({ phase: 'open', mode: 'incremental', waitingFor, startedAt });
  const live = renderRun(state, { now: Date.parse(parked.since), ...wide, color: false });
  expect(live[0]).toBe('biomed/r1  waiting  10 min 33 s  incremental');
  const said = live.join(' ').replace(/\s+/g, ' ');
  expect(said).toContain(
    'waiting since 2026-01-05 02:00 UTC for biomed/nightly-2026-01-04, which holds the domain',
  );
  expect(said).toContain('instruct-lake abandon biomed/nightly-2026-01-04');
  expect(currentLine(state, 0)).toContain('waiting since 2026-01-05 02:00 UTC');
  const paused = renderRun({ ...state, paused: true }, { now: 0, ...wide, color: false });
  expect(paused[0]).toContain('  paused  ');
  expect(paused.join(' ')).toContain('waiting since');
});

test('a parked run whose configuration is wrong is resumed; one that accepts goes on', () => {
  const state = stateOf({ parked: { ...parked, decisions: ['resume'], onTimeout: 'accept' } });
  const lines = renderRun(state, { now: Date.parse(parked.until), ...wide, color: false });
  expect(lines.slice(-3)).toEqual([
    '    It goes on without what failed at 2026-01-05 08:10 UTC (now). A person decides with:',
    '      instruct-lake resume biomed/r1',
    '      temporal workflow update execute --workflow-id ingest/biomed/r1 --name resume',
  ]);
});

test('no line is wider than the terminal', () => {
  const waiting = { activity: 'a'.repeat(90), attempt: 4, type: '', message: '語'.repeat(99), activities: 3 };
  for (const columns of [20, 39, 59, 79]) {
    for (const state of [
      under,
      { ...under, parked, waiting: [waiting] },
      { ...under, run: 'r'.repeat(99) },
    ]) {
      const lines = renderRun(state, { now, history, color: false, columns, unicode: true });
      expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
    }
  }
});

test('plain lines carry rates and how long a phase took', () => {
  expect(currentLine(under, now, history)).toBe(
    '[1 min 05 s]   synthesize  3/12 30 texts prompted, 160 pairs (about 20 s left, 1.5 texts/s, 8.0 pairs/s, 9.0 partitions/min)',
  );
  expect(finishedLines(under, 2, now, history)[0]).toBe('[1 min 05 s] ✓ scan        60 texts (0 s)');
});

test('a run that is paused says so and what ends it; a ceiling stands beside its time', () => {
  const state = stateOf({ phase: 'synthesize', startedAt, paused: true, concurrency: 64 });
  const lines = renderRun(state, { now, ...wide, color: false });
  expect(lines[0]).toBe('biomed/r1  paused  1 min 05 s  at most 64 requests in flight');
  expect(lines.slice(-3)).toEqual([
    '  ! paused: nothing new is started until it is resumed',
    '      instruct-lake resume biomed/r1',
    '      temporal workflow update execute --workflow-id ingest/biomed/r1 --name resume',
  ]);
  expect(currentLine(state, now)).toContain(
    'paused: nothing new is started until it is resumed instruct-lake resume',
  );
  const going = renderRun(stateOf({ phase: 'scan', startedAt, concurrency: 1 }), {
    now,
    ...wide,
    color: false,
  });
  expect(going[0]).toBe('biomed/r1  running  1 min 05 s  at most 1 request in flight');
});

const loads = [{ endpoint: 'gpu', inFlight: 96, waiting: 1_200, limit: 128, refused: 3 }];
const failures = {
  total: 2,
  sources: [
    { key: 'raw/biomed/\x1b[2Jb.parquet', type: 'CorruptParquet', message: 'it was truncated\nmore' },
  ],
};

test('a round that runs shows how full its endpoint is kept, and what has failed so far, on any width', () => {
  const state = stateOf({
    phase: 'synthesize',
    done: 3,
    total: 6,
    counts,
    startedAt,
    endpoints: loads,
    failures,
  });
  const shown = (columns: number, unicode = true): string[] =>
    renderRun(state, { now, columns, unicode, color: false }).slice(5);
  expect(shown(100).filter((line) => !line.startsWith('  ·'))).toEqual([
    '  ▸ synthesize ███████████████░░░░░░░░░░░░░░░  50%  3/6',
    '               20 texts prompted, 1,234 pairs',
    '               gpu ████████████░░░░ 96 of 128 in flight, 1,200 waiting, 3 refused',
    '  ✗ 2 sources failed: instruct-lake failures biomed/r1',
    '      raw/biomed/\\x1b[2Jb.parquet  CorruptParquet: it was truncated',
  ]);
  expect(shown(60)[2]).toBe('               gpu 96 of 128 in flight, 1,200 waiting, 3 re…');
  expect(shown(40, false)).toContain('  x 2 sources failed: instruct-lake f...');
  for (const columns of [40, 60, 80, 120]) {
    for (const line of shown(columns)) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  }
  expect(currentLine(state, now)).toContain('[gpu 96 of 128 in flight, 1,200 waiting, 3 refused]');
});
