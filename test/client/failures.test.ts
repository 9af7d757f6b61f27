import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { failuresCommand } from '../../client/commands/failures.ts';
import { merged, type RunFailures } from '../../client/failures/run-failures.ts';
import { replayCommand } from '../../client/replay-command.ts';
import { shellWord } from '../../client/shell-word.ts';
import { failuresLines } from '../../client/view/failures-lines.ts';

const run = { domain: 'biomed', run: 'r1' };

test('a key is one word of a command line, whatever is in it, and does nothing to the terminal', () => {
  expect(shellWord('raw/biomed/b.parquet')).toBe('raw/biomed/b.parquet');
  expect(shellWord("it's $(rm -rf ~).parquet")).toBe("'it'\\''s $(rm -rf ~).parquet'");
  expect(shellWord('a\x1b[2J\n\u202eb')).toBe("$'a\\033[2J\\012\\342\\200\\256b'");
  expect(shellWord('')).toBe("''");
  expect(replayCommand(run, '-x y')).toBe("instruct-lake replay biomed/r1 --source='-x y'");
  expect(replayCommand(run)).toBe('instruct-lake replay biomed/r1 --failed');
});

const bash = spawnSync('bash', ['--version']).status === 0;
test.skipIf(!bash)('a shell reads back what was quoted', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        '\\',
        '$',
        '`',
        '!',
        '\n',
        '\x1b',
        '\x7f',
        '\u202e',
        '\u2028',
        '7',
        ' ',
        ';',
        '&',
        '*',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    ),
    minLength: 1,
  });
  const words = fc.sample(hostile, { numRuns: 300, seed: 7 }).map((each) => each.replaceAll('\0', ''));
  const script = words.map((word) => `printf '%s\\0' ${shellWord(word)}`).join('\n');
  for (const word of words) expect(shellWord(word)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const read = execFileSync('bash', ['-c', script], { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  expect(read.toString().split('\0').slice(0, -1)).toEqual(words);
});

const failures: RunFailures = {
  ...run,
  status: 'completed',
  parked: false,
  total: 3,
  sources: [
    {
      key: 'raw/b.parquet',
      type: 'CorruptParquet',
      message: 'no footer\nwrite it again',
      phase: 'plan',
      since: '2026-01-05T02:10:33.123Z',
      attempts: 2,
      replay: replayCommand(run, 'raw/b.parquet'),
    },
    {
      key: 'raw/x\x1b[2J.parquet',
      type: 'CorruptParquet',
      message: 'row group 0\x07',
      phase: 'scan',
      since: null,
      attempts: 1,
      replay: replayCommand(run, 'raw/x\x1b[2J.parquet'),
    },
    { key: 'raw/z', type: 'A', message: '', phase: null, since: null, attempts: null, replay: 'r' },
  ],
  retrying: [],
  replay: replayCommand(run),
  notes: [],
};

test('failed sources are listed with all that is known of each', () => {
  expect(failuresLines(failures, 2)).toEqual([
    'biomed/r1: 3 sources have failed.',
    '',
    'raw/b.parquet',
    '  CorruptParquet: no footer',
    '    write it again',
    '  in plan, tried twice, since 2026-01-05 02:10 UTC',
    '  instruct-lake replay biomed/r1 --source raw/b.parquet',
    '',
    'raw/x\\x1b[2J.parquet',
    '  CorruptParquet: row group 0\\x07',
    '  in scan, tried once',
    "  instruct-lake replay biomed/r1 --source $'raw/x\\033[2J.parquet'",
    '',
    '… and 1 more (--limit)',
    '',
    'All of them: instruct-lake replay biomed/r1 --failed',
  ]);
});

test('a run under way says what it can replay now, and what it tries again', () => {
  const retrying = [
    {
      activity: 'synthesizeRound',
      attempt: 4,
      type: 'EndpointUnavailable',
      message: 'refused',
      activities: 3,
    },
  ];
  const lines = failuresLines(
    { ...failures, status: 'running', parked: true, retrying, notes: ['n\x1b'] },
    9,
  );
  expect(lines.slice(-4)).toEqual([
    'The run is parked: it replays what has failed so far in place, all of it, and single sources once it has ended.',
    'All of them: instruct-lake replay biomed/r1 --failed',
    'being tried again: synthesizeRound (3 activities, attempt 4): EndpointUnavailable: refused',
    '! n\\x1b',
  ]);
  expect(failuresLines({ ...failures, total: 0, sources: [] }, 9)).toEqual([
    'biomed/r1: no source has failed.',
  ]);
});

test('what Temporal and the lake know becomes one entry for each key', () => {
  const told = [
    { key: 'b', type: 'T', message: 'm', phase: 'scan' as const, since: '2026-01-05T03:00:00.000Z' },
    { key: 'c', type: 'T', message: 'old' },
  ];
  const inLake = [
    {
      key: 'a',
      type: 'L',
      message: 'l',
      phase: 'plan' as const,
      since: '2026-01-05T01:00:00.000Z',
      attempts: 1,
    },
    {
      key: 'b',
      type: 'L',
      message: 'l',
      phase: 'scan' as const,
      since: '2026-01-05T02:00:00.000Z',
      attempts: 3,
    },
  ];
  expect(merged(told, inLake)).toEqual([
    inLake[0],
    { key: 'b', type: 'T', message: 'm', phase: 'scan', since: '2026-01-05T02:00:00.000Z', attempts: 3 },
    { key: 'c', type: 'T', message: 'old', phase: null, since: null, attempts: null },
  ]);
});

test('its help has examples', () => {
  let help = '';
  failuresCommand()
    .configureOutput({
      writeOut(text) {
        help += text;
      },
    })
    .outputHelp();
  expect(help).toContain('instruct-lake failures biomed/2026-01-05');
});
