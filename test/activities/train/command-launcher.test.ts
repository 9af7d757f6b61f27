import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cancelAll } from '../../../activities/train/command-cancel.ts';
import { createOnce, jobFiles, type LockRecord, readRecord } from '../../../activities/train/command-job.ts';
import { commandLauncher, fillCommand } from '../../../activities/train/command-launcher.ts';
import { isAlive, processOf } from '../../../activities/train/supervisor-processes.ts';
import { InvalidConfig, LauncherUnavailable, Unreachable } from '../../../lake/errors.ts';
import { commandLines, ensurer, jobsFolder, kill9, over, recordOf, saying, shell, until } from './jobs.ts';

vi.setConfig({ testTimeout: 60_000 }); // real processes, on machines that are busy

let jobs: ReturnType<typeof jobsFolder>;
beforeEach(() => {
  jobs = jobsFolder();
});
afterEach(() => jobs.close());

const launch = (script: string, env: Record<string, string> = {}, graceMs?: number) =>
  commandLauncher({
    command: shell(script),
    directory: jobs.directory,
    env,
    ...(graceMs === undefined ? {} : { graceMs }),
  });

/** Runs until a file `go` lies in the job's folder. */
const WAITING =
  'echo "up $$" >> "$2/starts"; echo waiting; while [ ! -e "$2/go" ]; do sleep 0.05; done; echo done';

test('a job that ends well: its output, its time, its last metrics, and only the environment it may have', async () => {
  process.env.AWS_SECRET_ACCESS_KEY = 'not-for-trainers';
  const launcher = launch(
    'cp "$1" "$2/copy.json"; env > "$2/env"; cat >&2; echo "{\\"loss\\":3.5,\\"note\\":\\"x\\"}" > "$2/metrics.jsonl"; printf "{\\"loss\\":" >> "$2/metrics.jsonl"',
    { RECIPE: 'small' },
  );
  const input = { publication: 'p1', steps: 3, nested: { a: [1, null, 'ü'] } };
  expect(await launcher.poll('a1')).toEqual({ state: 'absent' });
  await launcher.ensure({ name: 'a1', input });
  const state = await over(launcher, 'a1');
  const output = join(jobs.directory, 'a1', 'output');
  expect(state).toEqual({ state: 'succeeded', seconds: expect.any(Number), metrics: { loss: 3.5 }, output });
  expect(JSON.parse(readFileSync(join(output, 'copy.json'), 'utf8'))).toEqual(input);
  const env = readFileSync(join(output, 'env'), 'utf8');
  expect(env).toContain('RECIPE=small\n');
  expect(env).toContain(`PATH=${process.env.PATH}\n`);
  expect(env).not.toContain('not-for-trainers');

  await launcher.ensure({ name: 'a1', input }); // finished: nothing happens
  await launcher.cancel('a1');
  expect(await launcher.poll('a1')).toEqual(state);
  delete process.env.AWS_SECRET_ACCESS_KEY;
});

test('a job that fails: its exit code and last lines, without the secrets it printed, and no second start', async () => {
  const launcher = launch(
    'echo start >> "$2/starts"; echo "using $HUB_TOKEN" >&2; echo "loss is nan"; exit 3',
    {
      HUB_TOKEN: 'hub-0123456789',
    },
  );
  await launcher.ensure({ name: 'f', input: {} });
  const state = await over(launcher, 'f');
  const lastLines = ['using ***', 'loss is nan'];
  expect(state).toEqual({ state: 'failed', exitCode: 3, reason: 'exited with code 3', lastLines });
  await launcher.ensure({ name: 'f', input: {} });
  expect(await launcher.poll('f')).toEqual(state);
  expect(readFileSync(join(jobs.directory, 'f', 'output', 'starts'), 'utf8')).toBe('start\n');
});

test('a program that does not exist is a failed job that says so', async () => {
  const launcher = commandLauncher({ command: ['no-such-trainer', '{input}'], directory: jobs.directory });
  await launcher.ensure({ name: 'n', input: {} });
  const state = await over(launcher, 'n');
  expect(state).toMatchObject({ state: 'failed', exitCode: 127 });
  expect(JSON.stringify(state)).toContain('no-such-trainer');
});

test('a job outlives the killed process that launched it and is adopted', async () => {
  const other = await ensurer([jobs.directory, 'adopted', ...shell(WAITING)]);
  await other.go();
  await kill9(other.child);
  const launcher = launch(WAITING);
  const before = await saying(launcher, 'adopted', 'waiting');
  await launcher.ensure({ name: 'adopted', input: {} });
  expect(await launcher.poll('adopted')).toEqual(before);
  const output = join(jobs.directory, 'adopted', 'output');
  writeFileSync(join(output, 'go'), '');
  expect(await over(launcher, 'adopted')).toMatchObject({ state: 'succeeded', output });
  expect(readFileSync(join(output, 'starts'), 'utf8').trim().split('\n')).toHaveLength(1);
});

test('processes that ensure the same job at the same time start it once', async () => {
  const others = await Promise.all([1, 2].map(() => ensurer([jobs.directory, 'race', ...shell(WAITING)])));
  const launcher = launch(WAITING);
  await Promise.all([...others.map((other) => other.go()), launcher.ensure({ name: 'race', input: {} })]);
  await Promise.all(others.map((other) => kill9(other.child)));
  await saying(launcher, 'race', 'waiting');
  const { supervisor } = recordOf(jobs.directory, 'race');
  await until(
    () => (commandLines(join(jobs.directory, 'race')).length <= 2 ? true : undefined),
    'one supervisor',
  );
  expect(await isAlive(supervisor)).toBe(true);
  const output = join(jobs.directory, 'race', 'output');
  writeFileSync(join(output, 'go'), '');
  await over(launcher, 'race');
  expect(readFileSync(join(output, 'starts'), 'utf8').trim().split('\n')).toHaveLength(1);
});

test('cancel ends the whole tree: children, those in sessions of their own, and those that ignore TERM', async () => {
  const launcher = launch(
    `sleep 300 & echo $! > "$2/child"; setsid sleep 300 & echo $! > "$2/session";
     (trap "" TERM; echo x > "$2/deaf"; while :; do sleep 0.05; done) & echo $! > "$2/deaf-pid"; echo up; wait`,
    {},
    300,
  );
  await launcher.ensure({ name: 'tree', input: {} });
  await saying(launcher, 'tree', 'up');
  const output = join(jobs.directory, 'tree', 'output');
  await until(() => existsSync(join(output, 'deaf')) || undefined, 'the deaf one');
  const pids = ['child', 'session', 'deaf-pid'].map((file) =>
    Number(readFileSync(join(output, file), 'utf8')),
  );
  expect((await Promise.all(pids.map(processOf))).every((found) => found !== undefined)).toBe(true);
  await Promise.all([launcher.cancel('tree'), launcher.cancel('tree')]);
  expect(await Promise.all(pids.map(processOf))).toEqual([undefined, undefined, undefined]);
  const state = await launcher.poll('tree');
  const end = { exitCode: null, signal: 'SIGTERM', cancelled: true, reason: 'was cancelled' };
  expect(state).toEqual({ state: 'failed', ...end, lastLines: ['up'] });
  await launcher.cancel('tree');
  expect(await launcher.poll('tree')).toEqual(state);
  await launcher.cancel('never');
  expect(await launcher.poll('never')).toEqual({ state: 'absent' });
  expect(readdirSync(jobs.directory)).toEqual(['tree']);
});

test('a trainer that answers TERM with success is cancelled all the same; one that a signal ends has failed by it', async () => {
  const launcher = launch('trap "exit 0" TERM; echo up; while :; do sleep 0.05; done');
  await Promise.all(['soft', 'shot'].map((name) => launcher.ensure({ name, input: {} })));
  await Promise.all(['soft', 'shot'].map((name) => saying(launcher, name, 'up')));
  process.kill(recordOf(jobs.directory, 'shot').trainer.pid, 'SIGKILL');
  await launcher.cancel('soft');
  expect(await launcher.poll('soft')).toMatchObject({ state: 'failed', exitCode: null, cancelled: true });
  expect(await over(launcher, 'shot')).toMatchObject({
    state: 'failed',
    exitCode: null,
    signal: 'SIGKILL',
    reason: 'was ended by SIGKILL',
  });
});

test('a lost supervisor: the trainer runs on and is seen, then has failed for that reason; cancel works too', async () => {
  const launcher = launch(WAITING, {}, 300);
  await Promise.all(['lost', 'lost-cancelled'].map((name) => launcher.ensure({ name, input: {} })));
  for (const name of ['lost', 'lost-cancelled']) {
    await saying(launcher, name, 'waiting');
    const { supervisor } = recordOf(jobs.directory, name);
    process.kill(supervisor.pid, 'SIGKILL');
    await until(async () => ((await isAlive(supervisor)) ? undefined : true), 'the end of the supervisor');
    expect((await launcher.poll(name)).state).toBe('running');
    await launcher.ensure({ name, input: {} });
  }
  const { trainer } = recordOf(jobs.directory, 'lost-cancelled');
  expect(await cancelAll(jobs.directory, 300)).toEqual(['lost', 'lost-cancelled']);
  expect(await isAlive(trainer)).toBe(false);
  expect(await launcher.poll('lost-cancelled')).toMatchObject({ state: 'failed', cancelled: true });

  await launcher.ensure({ name: 'alone', input: {} });
  await saying(launcher, 'alone', 'waiting');
  process.kill(recordOf(jobs.directory, 'alone').supervisor.pid, 'SIGKILL');
  writeFileSync(join(jobs.directory, 'alone', 'output', 'go'), '');
  const state = await over(launcher, 'alone');
  const lastLines = ['waiting', 'done'];
  expect(state).toEqual({ state: 'failed', exitCode: null, reason: 'the supervisor was lost', lastLines });
  await launcher.ensure({ name: 'alone', input: {} });
  expect(await launcher.poll('alone')).toEqual(state);
  expect(await cancelAll(jobs.directory, 300)).toEqual([]);
});

test('a process that merely has the number of the noted one is neither taken for the job nor ended', async () => {
  const stranger = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  const pid = stranger.pid ?? 0;
  const files = jobFiles(join(jobs.directory, 'reused'));
  mkdirSync(files.folder);
  await createOnce(files.input, {});
  const noted = { pid, start: 'another time' };
  await createOnce(files.job, { trainer: noted, supervisor: noted, since: new Date().toISOString() });
  const launcher = launch('exit 0');
  await launcher.ensure({ name: 'reused', input: {} });
  expect(await launcher.poll('reused')).toMatchObject({ state: 'failed', reason: 'the supervisor was lost' });
  await launcher.cancel('reused');
  expect(await processOf(pid)).toBeDefined();
  await kill9(stranger);
});

test('a stale lock is taken over; a job cancelled before its start never starts', async () => {
  const launcher = launch('echo ran');
  for (const name of ['stale', 'early']) {
    const files = jobFiles(join(jobs.directory, name));
    mkdirSync(files.folder);
    await createOnce(files.input, {});
    await createOnce(join(files.folder, 'lock.1'), { pid: process.pid, start: 'another time', since: '' });
    expect(await launcher.poll(name)).toEqual({ state: 'absent' });
  }
  await launcher.cancel('early');
  expect(await launcher.poll('early')).toMatchObject({ state: 'failed', cancelled: true, lastLines: [] });
  await Promise.all(['stale', 'early'].map((name) => launcher.ensure({ name, input: {} })));
  expect(await over(launcher, 'stale')).toMatchObject({ state: 'succeeded' });
  expect(existsSync(join(jobs.directory, 'stale', 'lock.2'))).toBe(true);
  expect(existsSync(join(jobs.directory, 'early', 'log'))).toBe(false);
});

test('a supervisor killed at some moment of its start leaves no second trainer behind, whoever comes next', async () => {
  const launcher = launch(WAITING);
  await Promise.all(
    [0, 5, 15].map(async (ms) => {
      const name = `early-${ms}`;
      const folder = join(jobs.directory, name);
      const first = launcher.ensure({ name, input: {} }).catch((error: unknown) => error);
      const lock = await until(() => readRecord<LockRecord>(join(folder, 'lock.1')), 'the first lock');
      await delay(ms);
      process.kill(lock.pid, 'SIGKILL');
      expect([LauncherUnavailable, undefined]).toContain((await first)?.constructor);
      await launcher.ensure({ name, input: {} });
      writeFileSync(join(folder, 'output', 'go'), '');
      const state = await over(launcher, name);
      const starts = join(folder, 'output', 'starts');
      const count = existsSync(starts) ? readFileSync(starts, 'utf8').trim().split('\n').length : 0;
      if (recordOf(jobs.directory, name).supervisor.pid === lock.pid) {
        expect(state).toMatchObject({ state: 'failed', reason: 'the supervisor was lost' });
        expect(count).toBeLessThanOrEqual(1);
      } else {
        expect(state).toMatchObject({ state: 'succeeded' });
        expect(count).toBe(1);
      }
    }),
  );
});

test('what cannot start says why: a folder that is a file, an empty command, a name with a path in it', async () => {
  writeFileSync(join(jobs.directory, 'file'), '');
  const nowhere = commandLauncher({ command: ['true'], directory: join(jobs.directory, 'file') });
  await expect(nowhere.ensure({ name: 'x', input: {} })).rejects.toThrow(LauncherUnavailable);
  expect(() => commandLauncher({ command: [], directory: jobs.directory })).toThrow(InvalidConfig);
  expect(() => nowhere.poll('../x')).toThrow(Unreachable);
});

test('placeholders are replaced wherever they stand, once', () => {
  const files = { input: '/j/{output}/input.json', output: '/j/out' };
  expect(fillCommand(['py', '--in={input}', '{output}', '{input}:{output}', '{other}'], files)).toEqual([
    'py',
    '--in=/j/{output}/input.json',
    '/j/out',
    '/j/{output}/input.json:/j/out',
    '{other}',
  ]);
});
