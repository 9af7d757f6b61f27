// tier: manual — from a clean clone, both commands of the README work: `npm ci && npm run quickstart` and `npm ci && npm test`
import { must, ok, run, scratch } from './lib.ts';
import { noneLeft, strangersEnv } from './parts/belongings.ts';
import { cleanClone, npmCi, showQuickstart } from './parts/clone.ts';

const folder = scratch('clean-clone');
const clone = await cleanClone(folder);
const readme = await ok('cat', ['README.md'], { cwd: clone });
for (const command of ['npm ci && npm run quickstart', 'npm ci && npm test'])
  must(readme.includes(`${command} `), `the README says \`${command}\``);

await npmCi(clone, folder);
await showQuickstart(['npm', 'run', 'quickstart'], { cwd: clone, folder });

await npmCi(clone, folder);
// The committed result of this script cannot be asked for before it has ended.
const env = { ...strangersEnv(folder), INSTRUCT_LAKE_SHOWING: 'clean-clone', NO_COLOR: '1' };
const { code, stdout, stderr, seconds } = await run('npm', ['test'], { cwd: clone, env });
if (code !== 0) throw new Error(`NOT SO: npm test exits 0 (${code})\n${stdout}${stderr}`);
const summary = stdout
  .split('\n')
  .filter((line) => /^\s*(Test Files|Tests)\s/.test(line))
  .map((line) => line.trim().replace(/\s+/g, ' '));
must(
  summary.length === 2,
  `npm test exits 0 and says so after ${Math.round(seconds)} s: ${summary.join('; ')}`,
);
await noneLeft(folder, 'it');
