// tier: ci — properties of chains over every N and M: each text and part is prompted once, with the history that its chain allows
import { join } from 'node:path';
import { must, ok, ROOT } from './lib.ts';

/** Times the cases that `npm test` draws; another seed each time. */
const MORE = 4;

const said = await ok(
  process.execPath,
  [join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--project', 'unit', 'chains.test'],
  { cwd: ROOT, env: { ...process.env, CHAINS_MORE: String(MORE), NO_COLOR: '1' } },
);
const [, passed = '0'] = /Tests +(\d+) passed/.exec(said) ?? [];
must(Number(passed) >= 8 && !/failed|skipped/.test(said), `${passed} tests hold, ${MORE} times their cases`);
