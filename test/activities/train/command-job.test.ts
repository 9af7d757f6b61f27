import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test, vi } from 'vitest';
import {
  createOnce,
  jobFiles,
  phaseOf,
  readRecord,
  takeLock,
} from '../../../activities/train/command-job.ts';

vi.setConfig({ testTimeout: 30_000 });
const root = mkdtempSync(join(tmpdir(), 'instruct-lake-job-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folder(name: string): string {
  mkdirSync(join(root, name));
  return join(root, name);
}

test.each([0, 1, 3])('of many who want a lock one gets it, after %i stale ones', async (stale) => {
  const at = folder(`lock-${stale}`);
  for (let n = 1; n <= stale; n++) {
    await createOnce(join(at, `lock.${n}`), { pid: process.pid, start: 'another time', since: '' });
  }
  const got = await Promise.all(Array.from({ length: 20 }, () => takeLock(at)));
  expect(got.filter((one) => one)).toHaveLength(1);
  expect(readdirSync(at).sort()).toEqual(Array.from({ length: stale + 1 }, (_, n) => `lock.${n + 1}`));
  expect(await takeLock(at)).toBe(false);
});

test('a record is made once and stays', async () => {
  const path = join(folder('once'), 'x.json');
  const made = await Promise.all([1, 2, 3].map((n) => createOnce(path, { n })));
  expect(made.filter((one) => one)).toHaveLength(1);
  expect(await readRecord(path)).toEqual({ n: made.indexOf(true) + 1 });
  expect(readdirSync(join(root, 'once'))).toEqual(['x.json']);
});

test('a supervisor that comes late starts nothing', async () => {
  const files = jobFiles(folder('late'));
  const dead = { pid: process.pid, start: 'another time' };
  await createOnce(files.input, {});
  await createOnce(files.job, { trainer: dead, supervisor: dead, since: '2026-01-05T02:00:00.000Z' });
  const module = fileURLToPath(new URL('../../../activities/train/supervisor.ts', import.meta.url));
  const mark = join(files.folder, 'mark');
  await promisify(execFile)(process.execPath, [
    '--import',
    'tsx',
    module,
    files.folder,
    '100',
    'touch',
    mark,
  ]);
  expect(existsSync(mark)).toBe(false);
  expect(await phaseOf(files)).toMatchObject({ phase: 'lost' });
});
