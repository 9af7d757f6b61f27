// Entry of a pool thread that misbehaves in the way its stage says, for tests of what the pool makes of it.
import { pbkdf2Sync } from 'node:crypto';
import { shallStop, step } from '../../activities/pulse.ts';
import type { CpuTask } from '../../worker/cpu-task.ts';

export default async function run({ input, pulse }: CpuTask): Promise<unknown> {
  switch (input) {
    case 'works':
      return { done: { ref: { key: 'k', sha256: 's' }, counts: {} } };
    case 'loops for ever':
      step(pulse);
      for (;;);
    case 'stays in a native call':
      step(pulse);
      pbkdf2Sync('a', 'b', 2_000_000_000, 64, 'sha512');
      return undefined;
    case 'heeds':
      while (!shallStop(pulse)) step(pulse);
      throw new Error('was told to stop');
    case 'fails behind its own back':
      setTimeout(() => {
        throw new RangeError('nobody catches this');
      }, 1);
      return new Promise(() => {});
    case 'fails after its end':
      setTimeout(() => {
        throw new RangeError('nobody waits for this');
      }, 50);
      return { done: { ref: { key: 'k', sha256: 's' }, counts: {} } };
    case 'waits':
      return new Promise(() => {});
    default:
      throw new Error(`no such oddity: ${String(input)}`);
  }
}
