// tier: manual — two million strings, over every kind of tokenizer: our ids and ends of tokens are those of the library, in each of them
import { spawnSync } from 'node:child_process';
import { must, ROOT } from './lib.ts';

const STRINGS = 2_000_000;

const script = [
  '--import',
  'tsx',
  'scripts/fuzz-tokenizer.ts',
  '--strings',
  String(STRINGS),
  '--seed',
  'acceptance',
];
const { status, stdout } = spawnSync(process.execPath, script, {
  cwd: ROOT,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
});
console.log(stdout.replace(/^/gm, '  '));
const [, strings = '0', differences = '?'] = /^(\d+) strings, (\d+) differences$/m.exec(stdout) ?? [];
must(status === 0 && differences === '0', `${differences} differences in ${strings} strings`);
must(Number(strings) >= STRINGS, `${strings} strings are ${STRINGS} at least`);
