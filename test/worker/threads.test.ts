import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openPulse, type Pulse, stepsOf, tellToStop } from '../../activities/pulse.ts';
import type { Settings } from '../../activities/settings.ts';
import { until } from '../../client/stack/poll.ts';
import { openThreads, runInThread, type Threads } from '../../worker/threads.ts';

vi.setConfig({ testTimeout: 60_000 }); // threads start slowly on machines that are busy

const settings: Settings = {
  lake: { bucket: 'none', region: 'none' },
  endpoints: {},
  tokenizers: {},
  launchers: {},
};
let threads: Threads;
let heard: Error[];
beforeEach(() => {
  heard = [];
  const entry = new URL('./odd-task.ts', import.meta.url);
  threads = openThreads(settings, 1, (error) => heard.push(error), entry);
});
afterEach(() => threads.destroy());

const odd = (input: string, pulse: Pulse, givenUp: AbortSignal = new AbortController().signal) =>
  runInThread(threads, { stage: 'scanPartition', input, pulse }, givenUp, 1);
/** The one slot is free: another task gets through. */
const works = async (): Promise<void> => {
  expect(await odd('works', openPulse())).toMatchObject({ counts: {} });
};

const begun = (pulse: Pulse): Promise<true> =>
  until(async () => stepsOf(pulse) > 0 || undefined, { within: 30_000, what: 'it did not begin' });

test.each(['loops for ever', 'stays in a native call'])(
  'the slot of a thread that %s is free once it is given up',
  async (input) => {
    const pulse = openPulse();
    const giveUp = new AbortController();
    const run = odd(input, pulse, giveUp.signal);
    run.catch(() => {});
    await begun(pulse);
    giveUp.abort(new Error('given up'));
    await expect(run).rejects.toThrow();
    await works();
  },
);

test('a thread that computes sees that it shall stop', async () => {
  const pulse = openPulse();
  const run = odd('heeds', pulse);
  run.catch(() => {});
  await begun(pulse);
  tellToStop(pulse);
  await expect(run).rejects.toThrow('was told to stop');
});

test('an error that nobody catches in a thread fails its task and says why; the next task finds another thread', async () => {
  await expect(odd('fails behind its own back', openPulse())).rejects.toThrow('nobody catches this');
  await works();
});

test('one that comes after the end of its task fails the next one, and no other', async () => {
  await odd('fails after its end', openPulse());
  await expect(odd('waits', openPulse())).rejects.toThrow('nobody waits for this');
  await works();
});

test('a pool whose threads cannot start says so, since it would never do a task', async () => {
  const broken = openThreads(
    settings,
    1,
    (error) => heard.push(error),
    new URL('./none.ts', import.meta.url),
  );
  await until(async () => heard.length > 0 || undefined, { within: 30_000, what: 'nothing was told' });
  expect(heard[0]?.message).toContain('none.ts');
  await broken.destroy();
});
