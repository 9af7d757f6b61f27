/** What the command does for `up` and `down`, as a program of its own: the lifetime test starts, signals and kills it. */
import { down } from '../../client/stack/down.ts';
import type { StackPart } from '../../client/stack/stack.ts';
import { up } from '../../client/stack/up.ts';

const [verb, , state = '', mode] = process.argv.slice(2);
const report = (line: string): void => console.error(line);
const part = (name: string, closing: Promise<void>): StackPart => ({
  name,
  open: async () => {
    report(`open ${name}`);
    return {
      close: () => {
        report(`close ${name}`);
        return closing;
      },
    };
  },
});
if (verb === 'down') await down({ state, report, ...(mode === '--soon' ? { within: 500 } : {}) });
else {
  const never = new Promise<void>(() => {});
  process.exitCode = await up({
    state,
    report,
    detach: mode === '--detach',
    parts: [
      part('endpoint', Promise.resolve()),
      part('worker', mode === '--hang' ? never : Promise.resolve()),
    ],
    ports: 'random',
  });
}
