import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../../../client/stack/poll.ts';

const program = fileURLToPath(new URL('./lifetime-program.ts', import.meta.url));

function run(kind: 'job' | 'service', closing: 'fast' | 'hangs' | 'fails') {
  const child = spawn(process.execPath, ['--import', 'tsx', program, kind, closing]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const exit = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
  const says = (text: string) =>
    until(async () => output.includes(text) || undefined, {
      within: 10_000,
      what: `it did not say "${text}"`,
    });
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), exit, says, output: () => output };
}

test.each([
  ['job', 'SIGTERM', 130],
  ['job', 'SIGINT', 130],
  ['service', 'SIGTERM', 0],
  ['service', 'SIGHUP', 0],
  ['service', 'SIGINT', 130],
] as const)('a %s that gets %s closes and exits with %i', async (kind, signal, code) => {
  const it = run(kind, 'fast');
  await it.says('ready');
  it.kill(signal);
  expect(await it.exit).toBe(code);
  expect(it.output()).toBe(`ready\nclosing for ${signal}\nclosed\n`);
});

test('a second signal ends what does not close', async () => {
  const it = run('service', 'hangs');
  await it.says('ready');
  it.kill('SIGTERM');
  await it.says('closing for SIGTERM');
  it.kill('SIGINT');
  expect(await it.exit).toBe(130);
  expect(it.output()).not.toContain('closed');
});

test('what fails to close says so and exits with 1', async () => {
  const it = run('job', 'fails');
  await it.says('ready');
  it.kill('SIGINT');
  expect(await it.exit).toBe(1);
  expect(it.output()).toContain('it does not close');
});
