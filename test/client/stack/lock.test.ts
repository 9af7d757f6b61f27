import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { holderOf, takeLock } from '../../../client/stack/lock.ts';
import { startOf } from '../../../client/stack/process.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const me = { pid: process.pid, started: startOf(process.pid) };

test('is held by one, says by whom, and can be taken again once released', () => {
  const lock = takeLock(state);
  expect(holderOf(state)).toEqual(me);
  expect(takeLock(state)).toEqual({ held: me });
  if ('release' in lock) lock.release();
  expect(holderOf(state)).toBeUndefined();
  expect(takeLock(state)).toHaveProperty('release');
  expect(readdirSync(state)).toEqual(['lock.json']);
});

test('is taken over from a process that is gone, and from one whose id another process has now', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const dead = { pid: child.pid, started: startOf(child.pid ?? 0) };
  child.kill('SIGKILL');
  await once(child, 'exit');
  for (const old of [dead, { pid: process.pid, started: 'before the last boot' }, 'not a holder']) {
    writeFileSync(join(state, 'lock.json'), JSON.stringify(old));
    expect(holderOf(state)).toBeUndefined();
    expect(takeLock(state)).toHaveProperty('release');
    expect(holderOf(state)).toEqual(me);
    rmSync(join(state, 'lock.json'));
  }
  expect(readdirSync(state)).toEqual([]);
});

test('of a living process of another program is respected', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const other = { pid: child.pid ?? 0, started: startOf(child.pid ?? 0) };
  writeFileSync(join(state, 'lock.json'), JSON.stringify(other));
  expect(takeLock(state)).toEqual({ held: other });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(takeLock(state)).toHaveProperty('release');
});
