import { expect, test } from 'vitest';
import { currentLine, finishedLines, renderRun, waitingLine } from '../../client/view/render.ts';
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
