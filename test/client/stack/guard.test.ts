import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logTail, spawnGuarded } from '../../../client/stack/guard.ts';
import { until } from '../../../client/stack/poll.ts';
import { startOf } from '../../../client/stack/process.ts';

let home: string;
let logFile: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'guard-'));
  logFile = join(home, 'log');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** The process id that a shell wrote into a file in `home`. */
const pidFrom = (name: string): Promise<number> =>
  until(async () => Number(readFileSync(join(home, name), 'utf8')) || undefined, {
    within: 5_000,
    what: name,
  });

test('hands on arguments, environment, folder, outputs and exit code', async () => {
  const script = 'echo "$1|$WORD"; pwd; echo problem >&2; exit 7';
  const run = await spawnGuarded('sh', ['-c', script, 'x', "a 'b' $c"], {
    logFile,
    cwd: home,
    env: { ...process.env, WORD: 'w' },
  });
  expect(await run.exited).toEqual({ code: 7, signal: null });
  expect(run.exit()).toEqual({ code: 7, signal: null });
  expect(readFileSync(logFile, 'utf8')).toMatch(/^a 'b' \$c\|w\n\/.*guard-.*\nproblem\n$/);
  await run.stop();
});

test('a command that does not exist ends with 127 and says so in the log', async () => {
  const run = await spawnGuarded(join(home, 'nothing'), [], { logFile });
  expect(await run.exited).toEqual({ code: 127, signal: null });
  expect(logTail(logFile)).toContain('not found');
});

test('stop sends TERM and waits until the command is gone', async () => {
  const script = `trap 'echo closed; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done`;
  const run = await spawnGuarded('sh', ['-c', script], { logFile, cwd: home });
  const pid = await pidFrom('pid');
  expect(startOf(pid)).toBeDefined();
  await run.stop();
  expect(await run.exited).toEqual({ code: 0, signal: null });
  expect(logTail(logFile)).toBe('closed');
  expect(startOf(pid)).toBeUndefined();
});

test('a command that ignores TERM is killed', async () => {
  const script = `trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done`;
  const run = await spawnGuarded('sh', ['-c', script], { logFile, cwd: home, grace: 300 });
  const pid = await pidFrom('pid');
  await run.stop();
  expect((await run.exited).code).toBe(137);
  expect(startOf(pid)).toBeUndefined();
});

test('a guard that is killed takes its command with it', async () => {
  const run = await spawnGuarded('sh', ['-c', 'echo $$ > pid; exec sleep 60'], { logFile, cwd: home });
  const pid = await pidFrom('pid');
  process.kill(run.pid, 'SIGKILL');
  expect(await run.exited).toEqual({ code: null, signal: 'SIGKILL' });
  await until(async () => startOf(pid) === undefined || undefined, { within: 5_000, what: 'it lives on' });
});

test('the tail of a log is its last lines that say something', () => {
  writeFileSync(logFile, 'one\n\ntwo\n  \nthree\n\n');
  expect(logTail(logFile, 2)).toBe('two\nthree');
  writeFileSync(logFile, 'begin\naddress already in use\npanic: nil\n\ngoroutine 1\nmain.go:18\n');
  expect(logTail(logFile, 2)).toBe('address already in use\npanic: nil');
  expect(logTail(join(home, 'none'))).toBe('');
});
