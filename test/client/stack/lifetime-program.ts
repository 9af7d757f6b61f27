/** A job or service that closes in a while, or never: the lifetime test signals it. */
import { setTimeout as pause } from 'node:timers/promises';
import { onShutdown } from '../../../client/stack/lifetime.ts';

const [kind, closing] = process.argv.slice(2);
onShutdown(
  async (ending) => {
    console.log(`closing for ${ending}`);
    if (closing === 'fails') throw new Error('it does not close');
    await pause(closing === 'hangs' ? 25_000 : 1);
    console.log('closed');
  },
  kind === 'service' ? 'service' : 'job',
);
console.log('ready');
await pause(50_000);
