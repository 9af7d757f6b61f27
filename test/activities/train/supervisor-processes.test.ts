import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import {
  endTree,
  fromPs,
  isAlive,
  liveProcesses,
  processOf,
} from '../../../activities/train/supervisor-processes.ts';
import { until } from './jobs.ts';

test('/proc and ps tell the same about who lives, whose child it is and in which group', async () => {
  const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const seen = await until(() => processOf(pid), 'the child');
  expect(seen).toEqual({
    pid,
    ppid: process.pid,
    pgid: pid,
    start: expect.stringMatching(/^[0-9a-f-]*:[0-9]+$/),
  });
  const [listed] = await fromPs(['-p', `${pid}`]);
  expect(listed).toEqual({ pid, ppid: process.pid, pgid: pid, start: expect.stringMatching(/ 20[0-9]{2}$/) });
  const everyone = await fromPs(['-A']);
  expect(everyone).toContainEqual(listed);
  expect(await liveProcesses()).toContainEqual(seen);
  expect(await isAlive({ pid, start: 'another time' })).toBe(false);

  expect(await endTree({ pid, start: 'another time' }, 100)).toBe(true);
  expect(await processOf(pid)).toEqual(seen);
  expect(await endTree({ pid, start: seen?.start ?? '' }, 1_000)).toBe(true);
  expect(await processOf(pid)).toBeUndefined();
  expect(await fromPs(['-p', `${pid}`])).toEqual([]);
});
