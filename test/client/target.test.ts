import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseRun, workflowIdOf } from '../../client/run-name.ts';
import { openLake, resolveTarget } from '../../client/target.ts';
import { BadUsage } from '../../lake/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-target-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('flags come first, and the lake goes with them', async () => {
  const flags = { address: 'temporal.example:7233', namespace: 'ml', bucket: 'corpus' };
  const target = await resolveTarget(flags, { AWS_REGION: 'eu-west-1' });
  expect(target).toMatchObject({
    connection: { address: 'temporal.example:7233' },
    namespace: 'ml',
    lake: { bucket: 'corpus', region: 'eu-west-1' },
    stack: undefined,
  });
  expect(target.said).toContain('--address');
});
test('a remote Temporal without a bucket has no lake, and a command that needs one says how to name it', async () => {
  const target = await resolveTarget({ address: 'temporal.example:7233' }, {});
  expect(target.lake).toBeUndefined();
  expect(() => openLake(target)).toThrow(/--bucket/);
});
test('a folder that no stack runs on is an error, not another server', async () => {
  const resolving = resolveTarget({ state: folder }, {});
  await expect(resolving).rejects.toThrow(BadUsage);
  await expect(resolving).rejects.toThrow(/no stack runs on/);
});
test('a run is named by domain and run, or by its workflow id', () => {
  expect(parseRun('biomed/2026-01-05')).toEqual({ domain: 'biomed', run: '2026-01-05' });
  expect(parseRun('ingest/biomed/nightly-2026-01-05T02:00:00Z')).toEqual({
    domain: 'biomed',
    run: 'nightly-2026-01-05T02:00:00Z',
  });
  expect(workflowIdOf({ domain: 'd', run: 'r' })).toBe('ingest/d/r');
  for (const wrong of ['biomed', 'Bio/x', 'a/b/c/d', 'a/', '../x'])
    expect(() => parseRun(wrong)).toThrow(BadUsage);
});
