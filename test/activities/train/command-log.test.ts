import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test, vi } from 'vitest';
import { secretsOf, trainerEnv } from '../../../activities/train/command-env.ts';
import { lastLines, lastMetrics, tailLines } from '../../../activities/train/command-log.ts';

vi.setConfig({ testTimeout: 30_000 });
const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('lines as a terminal would show them', () => {
  const log = '\x1b[31mred\x1b[0m\r\n\n 10%\r 55%\r100%\n\x1b]0;title\x07a\tb\x00\x9b\n';
  expect(tailLines(log)).toEqual(['red', '100%', 'a b\\x00\\x9b']);
  expect(tailLines('loss \u202enan\u202c \x08\x08')).toEqual(['loss \\u202enan\\u202c \\x08\\x08']);
  expect(tailLines('key=s3cret-1 s3cret-1', ['s3cret-1'])).toEqual(['key=*** ***']);
});

const steers = (code: number) =>
  code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0xd800 && code < 0xe000);

test('at most 20 lines of at most 500 units, without half characters or anything that steers a terminal', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 700 }), { maxLength: 25 }), (lines) => {
      const shown = tailLines(lines.join('\n'));
      expect(shown.length).toBeLessThanOrEqual(20);
      for (const line of shown) {
        expect(line.length).toBeLessThanOrEqual(500);
        expect([...line].filter((char) => steers(char.codePointAt(0) ?? 0))).toEqual([]);
      }
    }),
    { numRuns: 20 },
  );
  const long = tailLines('😀'.repeat(400))[0] ?? '';
  expect(long).toBe('😀'.repeat(250));
});

test('the end of a large log is read from the end', async () => {
  const path = join(folder, 'log');
  for (let i = 0; i < 30; i++) appendFileSync(path, `${'x'.repeat(20_000)}\n`);
  for (let i = 0; i < 100; i++) appendFileSync(path, `step ${i}\n`);
  expect(await lastLines(path)).toEqual(Array.from({ length: 20 }, (_, i) => `step ${80 + i}`));
  expect(await lastLines(join(folder, 'none'))).toEqual([]);
});

test('the latest whole report counts, its numbers only', async () => {
  const path = join(folder, 'metrics.jsonl');
  expect(await lastMetrics(path)).toBeUndefined();
  writeFileSync(
    path,
    '{"step":1,"loss":4}\n{"step":2,"loss":3.25,"split":"held-out"}\n{"step":3,"loss":NaN}\n{"st',
  );
  expect(await lastMetrics(path)).toEqual({ step: 2, loss: 3.25 });
});

test('a trainer inherits a listed few, and the configuration has the last word', () => {
  const worker = {
    PATH: '/bin',
    HOME: '/h',
    AWS_SECRET_ACCESS_KEY: 'x',
    ENDPOINT_KEY: 'y',
    NODE_OPTIONS: 'z',
  };
  expect(trainerEnv(worker, {})).toEqual({ PATH: '/bin', HOME: '/h' });
  expect(trainerEnv(worker, { HOME: '/t', ENDPOINT_KEY: 'k' })).toEqual({
    PATH: '/bin',
    HOME: '/t',
    ENDPOINT_KEY: 'k',
  });
  expect(secretsOf({ WANDB_API_KEY: '0123456789', MODEL: 'a-long-model-name', SHORT_TOKEN: '1' })).toEqual([
    '0123456789',
  ]);
});
