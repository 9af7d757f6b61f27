import { expect, test } from 'vitest';
import { openPulse, shallStop, step } from '../../activities/pulse.ts';
import { watched } from '../../activities/watch.ts';
import { ActivityStalled } from '../../lake/errors.ts';

/** A watch with times of milliseconds. */
function scene(changes: { stallMs?: number; graceMs?: number } = {}) {
  const cancel = new AbortController();
  const pulse = openPulse();
  const seen = { beats: 0 };
  const options = {
    activity: 'scanPartition',
    pulse,
    signal: cancel.signal,
    stallMs: 50,
    beatMs: 10,
    graceMs: 50,
    beat: () => seen.beats++,
    ...changes,
  };
  return { cancel, pulse, seen, options };
}
const never = (): Promise<never> => new Promise(() => {});

test('work that steps is beaten for and ends with its result, however long it takes', async () => {
  const { pulse, seen, options } = scene();
  const result = await watched(options, async () => {
    while (seen.beats < 20) {
      step(pulse);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return 'done';
  });
  expect(result).toBe('done');
});

test('work that makes no step is given up: no further beat, and an error that another attempt can mend', async () => {
  const { seen, options } = scene();
  let givenUp: AbortSignal | undefined;
  const failure: unknown = await watched(options, (signal) => {
    givenUp = signal;
    return never();
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ActivityStalled);
  expect((failure as ActivityStalled).family).toBe('environment');
  expect((failure as ActivityStalled).message).toContain('scanPartition has made no step');
  expect(givenUp?.aborted).toBe(true);
  const { beats } = seen;
  expect(beats).toBe(5); // the first at once, then one for each look within the limit
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen.beats).toBe(beats);
});

test('a cancelled activity is told, and may flush what it has', async () => {
  const { cancel, pulse, options } = scene({ graceMs: 60_000 });
  const result = watched(options, async () => {
    while (!shallStop(pulse)) await new Promise((resolve) => setTimeout(resolve, 1));
    throw new Error('flushed');
  });
  cancel.abort(new Error('cancelled'));
  await expect(result).rejects.toThrow('flushed');
});

test('one that does not end when it is cancelled is given up after its grace', async () => {
  const { cancel, options } = scene({ stallMs: 60_000 });
  let givenUp: AbortSignal | undefined;
  const result = watched(options, (signal) => {
    givenUp = signal;
    return never();
  });
  const reason = new Error('cancelled');
  cancel.abort(reason);
  await expect(result).rejects.toBe(reason);
  expect(givenUp?.reason).toBe(reason);
});

test('an activity that begins cancelled is told so', async () => {
  const { cancel, pulse, options } = scene();
  cancel.abort(new Error('cancelled'));
  expect(await watched(options, async () => shallStop(pulse))).toBe(true);
});
