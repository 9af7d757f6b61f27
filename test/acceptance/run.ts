// Runs acceptance scripts: `npm run acceptance -- [--tier ci|readers|torch|manual|open] [NAME…]`. Each script is a program of its
// own that exits non-zero when what it shows is not so; its first line says `// tier: <tier>` and what it shows.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SKIPPED } from './lib.ts';

const folder = new URL('./', import.meta.url);
const TIERS = ['ci', 'readers', 'torch', 'manual', 'open'];
/**
 * Tiers that no CI runs: their last result is committed, with the commit it was made at. `open` shows what is not reached
 * yet, and becomes `manual` with the first result that has passed.
 */
const KEPT = ['torch', 'manual', 'open'];

interface Script {
  name: string;
  tier: string;
  shows: string;
}

export function scripts(): Script[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && file !== 'lib.ts' && file !== 'run.ts')
    .sort()
    .map((file) => {
      const [first = ''] = readFileSync(new URL(file, folder), 'utf8').split('\n');
      const [, tier = '', shows = ''] = /^\/\/ tier: (\w+)\s*[—–-]\s*(.+)$/.exec(first) ?? [];
      if (!TIERS.includes(tier))
        throw new Error(
          `${file}: the first line must be "// tier: ci|readers|torch|manual|open — what it shows"`,
        );
      return { name: file.replace(/\.ts$/, ''), tier, shows };
    });
}

function main(args: string[]): number {
  const at = args.indexOf('--tier');
  const tiers = at < 0 ? TIERS : (args[at + 1] ?? '').split(',');
  const names = at < 0 ? args : args.toSpliced(at, 2);
  const chosen = scripts().filter(
    ({ name, tier }) => tiers.includes(tier) && (names.length === 0 || names.includes(name)),
  );
  const ended = { shown: 0, failed: 0, skipped: 0 };
  for (const { name, tier, shows } of chosen) {
    console.log(`\n${name} (${tier}): ${shows}`);
    const started = performance.now();
    const script = fileURLToPath(new URL(`${name}.ts`, folder));
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', script], { stdio: 'inherit' });
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const end = status === 0 ? 'shown' : status === SKIPPED ? 'skipped' : 'failed';
    ended[end]++;
    console.log(end === 'failed' ? `failed: ${name} after ${seconds} s` : `${end} after ${seconds} s`);
    if (end !== 'skipped' && KEPT.includes(tier)) keep(name, { shows, passed: end === 'shown', seconds });
  }
  console.log(`\n${ended.shown} passed, ${ended.failed} failed, ${ended.skipped} skipped`);
  return ended.failed === 0 && chosen.length > 0 ? 0 : 1;
}

function keep(name: string, result: object): void {
  const commit = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const file = new URL(`results/${name}.json`, folder);
  mkdirSync(new URL('results/', folder), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ name, ...result, commit }, null, 2)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.slice(2));
