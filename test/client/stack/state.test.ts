import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answers, choosePorts, forgetPorts, HOST } from '../../../client/stack/ports.ts';
import { openState, readStack, removeStack, s3Keys, writeStack } from '../../../client/stack/state.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'state-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function listen(port = 0) {
  const server = createServer().listen(port, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, close: () => once(server.close(), 'close') };
}

test('keys are random, kept, and for their owner alone', () => {
  const keys = s3Keys(home);
  expect(keys.accessKeyId).toMatch(/^LAKE[0-9A-F]{16}$/);
  expect(keys.secretAccessKey).toMatch(/^[0-9a-f]{40}$/);
  expect(s3Keys(home)).toEqual(keys);
  expect(statSync(join(home, 'secrets.json')).mode & 0o777).toBe(0o600);
  rmSync(join(home, 'secrets.json'));
  expect(s3Keys(home)).not.toEqual(keys);
});

test('a stack is read only while its process lives and its Temporal answers', async () => {
  const state = openState(join(home, 'deep', 'state'));
  expect(readFileSync(join(state, '.gitignore'), 'utf8')).toBe('*\n');
  const temporal = await listen();
  const settings = {
    temporal: `${HOST}:${temporal.port}`,
    namespace: 'default',
    ui: 'http://127.0.0.1:2',
    s3: {
      ...s3Keys(state),
      endpoint: 'http://127.0.0.1:3',
      region: 'us-east-1',
      bucket: 'lake',
      forcePathStyle: true,
    },
    endpoint: 'http://127.0.0.1:4',
    state,
    pid: process.pid,
    startedAt: '2026-01-05T02:00:00.000Z',
  };
  expect(await readStack(state)).toBeUndefined();
  writeStack(settings);
  expect(statSync(join(state, 'stack.json')).mode & 0o777).toBe(0o600);
  expect(await readStack(state)).toEqual(settings);

  writeStack({ ...settings, pid: 2 ** 22 + 1 }); // Beyond the largest process id of Linux.
  expect(await readStack(state)).toBeUndefined();
  writeStack(settings);
  await temporal.close();
  expect(await readStack(state)).toBeUndefined();
  removeStack(state);
  removeStack(state);
});

test("ports: last time's when free, another when taken, all different, and known to be listened at", async () => {
  const first = await choosePorts(home, 'random');
  expect(new Set(Object.values(first)).size).toBe(4);
  expect(await choosePorts(home, 'random')).toEqual(first);

  const other = await listen(first.s3);
  expect(await answers(`${HOST}:${first.s3}`)).toBe(true);
  expect(await answers(`${HOST}:${first.ui}`)).toBe(false);
  const second = await choosePorts(home, 'random');
  expect(second).toEqual({ ...first, s3: second.s3 });
  expect(second.s3).not.toBe(first.s3);
  await other.close();

  forgetPorts(home);
  expect(await choosePorts(home, 'random')).not.toEqual(second);
});
