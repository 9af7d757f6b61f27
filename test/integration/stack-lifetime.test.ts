import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../../client/stack/poll.ts';
import { answers } from '../../client/stack/ports.ts';
import { s3Client } from '../../client/stack/servers.ts';
import { readStack, type StackSettings } from '../../client/stack/state.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = [
  '--import',
  join(root, 'node_modules/tsx/dist/loader.mjs'),
  join(root, 'test/integration/stack-program.ts'),
];

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'instruct-lake-lifetime-'));
});
afterEach(() => {
  const left = belongings();
  for (const line of left) process.kill(Number.parseInt(line, 10), 'SIGKILL');
  rmSync(state, { recursive: true, force: true });
  expect(left, 'processes that outlived the test').toEqual([]);
});

/** Processes of a stack on this state folder: guards and servers name it in their arguments, and so do the program and npm's shell. */
function belongings(): string[] {
  const all = execFileSync('ps', ['-ww', '-e', '-o', 'pid=,args='], { encoding: 'utf8' });
  return all.split('\n').flatMap((line) => (line.includes(state) ? [line.trim()] : []));
}

function run(command: string, args: readonly string[]) {
  // A process group of its own, as a shell gives to what it runs in a terminal.
  const child = spawn(command, args, { cwd: state, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exit = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 'unknown'));
  });
  return { pid: child.pid ?? 0, exit, output: () => output };
}
const runUp = (...more: string[]) =>
  run(process.execPath, [...program, 'up', '--state', join(state, 's'), ...more]);
const runDown = (...more: string[]) =>
  run(process.execPath, [...program, 'down', '--state', join(state, 's'), ...more]);

function ready(): Promise<StackSettings> {
  return until(() => readStack(join(state, 's')), { within: 30_000, what: 'the stack did not come up' });
}
/** Nothing of the stack runs, and Temporal and S3 do not answer. */
async function allGone(settings: StackSettings): Promise<void> {
  const gone = async () => {
    if (belongings().length > 0) throw new Error(belongings().join('\n'));
    return true;
  };
  await until(gone, { within: 20_000, what: 'the processes did not end', every: 100 });
  expect(await answers(settings.temporal)).toBe(false);
  expect(await answers(new URL(settings.s3.endpoint).host)).toBe(false);
}

test('Ctrl-C on a terminal: the process group gets SIGINT, everything is closed in reverse order, exit code 130', async () => {
  const command = runUp();
  const settings = await ready();
  expect(statSync(join(state, 's', 'stack.json')).mode & 0o777).toBe(0o600);
  expect(settings.pid).toBe(command.pid);
  const client = s3Client(settings.s3);
  await client.send(new HeadBucketCommand({ Bucket: 'lake' }));
  client.destroy();
  expect((await fetch(settings.ui)).status).toBe(200);
  expect(belongings().some((line) => line.includes('server start-dev'))).toBe(true);
  expect(belongings().some((line) => line.includes('posix --sidecar'))).toBe(true);

  process.kill(-command.pid, 'SIGINT');
  expect(await command.exit).toBe(130);
  expect(command.output()).toMatch(
    /open endpoint\n[\s\S]*open worker\n[\s\S]*close worker\nclose endpoint\n/,
  );
  await allGone(settings);
  expect(await readStack(join(state, 's'))).toBeUndefined();
});

test('TERM to npm ends what npm runs', async () => {
  const quoted = [process.execPath, ...program, 'up', '--state', join(state, 's')].map((word) => `'${word}'`);
  writeFileSync(join(state, 'package.json'), JSON.stringify({ scripts: { up: quoted.join(' ') } }));
  const npm = run('npm', ['run', 'up']);
  const settings = await ready();
  expect(settings.pid).not.toBe(npm.pid);
  process.kill(npm.pid, 'SIGTERM');
  await npm.exit;
  await allGone(settings);
});

test('kill -9 to the command: the guards end the servers, and the next command takes the folder over', async () => {
  const command = runUp();
  const settings = await ready();
  process.kill(command.pid, 'SIGKILL');
  expect(await command.exit).toBe('SIGKILL');
  await allGone(settings);
  expect(await readStack(join(state, 's'))).toBeUndefined();

  const next = runUp();
  const again = await ready();
  expect(again).toMatchObject({ temporal: settings.temporal, s3: settings.s3 });
  process.kill(next.pid, 'SIGTERM');
  expect(await next.exit).toBe(0);
  await allGone(again);
});

test('up --detach outlives the command, a second one is refused with its process id, down ends it', async () => {
  const command = runUp('--detach');
  expect([await command.exit, command.output()]).toEqual([
    0,
    expect.stringContaining('It runs in the background'),
  ]);
  const settings = await ready();
  expect(settings.pid).not.toBe(command.pid);

  for (const more of [[], ['--detach']]) {
    const second = runUp(...more);
    expect(await second.exit).toBe(1);
    expect(second.output()).toContain(`already (process ${settings.pid})`);
  }
  expect(await readStack(join(state, 's'))).toEqual(settings);

  const end = runDown();
  expect([await end.exit, end.output()]).toEqual([0, expect.stringContaining('is down.')]);
  await allGone(settings);
  const idle = runDown();
  expect([await idle.exit, idle.output()]).toEqual([0, expect.stringContaining('Nothing runs on')]);
});

test('down kills a stack that does not close', async () => {
  const command = runUp('--hang');
  const settings = await ready();
  const end = runDown('--soon');
  expect([await end.exit, end.output()]).toEqual([0, expect.stringContaining('does not end; killing it')]);
  expect(await command.exit).toBe('SIGKILL');
  expect(command.output()).toContain('close worker');
  await allGone(settings);
});

test('a server that ends by itself ends the stack, with its last lines', async () => {
  const command = runUp();
  const settings = await ready();
  const server = belongings().find((line) => /^\d+ \S*versitygw\S* --port /.test(line));
  expect(server).toBeDefined();
  process.kill(Number.parseInt(server ?? '', 10), 'SIGTERM');
  expect(await command.exit).toBe(1);
  expect(command.output()).toContain('The S3 server ended (');
  expect(command.output()).toContain(
    readFileSync(join(state, 's', 'logs', 's3.log'), 'utf8')
      .trim()
      .split('\n')
      .at(-1),
  );
  await allGone(settings);
});
