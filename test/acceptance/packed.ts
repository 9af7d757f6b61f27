// tier: ci — the packed package, installed in an empty folder, runs the quickstart, and holds no tests and no path of this machine
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { must, ok, ROOT, run, scratch } from './lib.ts';
import { strangersEnv } from './parts/belongings.ts';
import { showQuickstart } from './parts/clone.ts';

/** Names that have no place in the package. */
const STRAY = /^(test|bench|scripts|node_modules|\.)|(?<!\.d)\.[cm]?ts$|\.map$|\.test\./;

const folder = scratch('packed');
const env = strangersEnv(folder);

// Without scripts: dist/ is what `npm ci` has built, and packing must not build it anew under a command that runs from it.
await ok('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, env });
const archive = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
must(archive !== '', `npm pack makes ${archive}, ${kilobytes(statSync(join(folder, archive)).size)} kB`);

const home = join(folder, 'empty');
mkdirSync(home);
const install = await run('npm', ['install', '--no-save', '--prefix', home, join(folder, archive)], {
  cwd: home,
  env,
});
if (install.code !== 0) throw new Error(`NOT SO: it can be installed\n${install.stdout}${install.stderr}`);
must(true, `it can be installed in an empty folder (${install.seconds.toFixed(1)} s)`);

const bin = join(home, 'node_modules', '.bin', 'instruct-lake');
accessSync(bin, constants.X_OK);
must(readFileSync(bin, 'utf8').startsWith('#!/usr/bin/env node\n'), 'its command can be executed');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
must((await ok(bin, ['--version'], { cwd: home, env })).trim() === version, `it is version ${version}`);

const installed = join(home, 'node_modules', 'instruct-lake');
const files = readdirSync(installed, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
const stray = files.map((file) => file.slice(installed.length + 1)).filter((name) => STRAY.test(name));
none(stray, `of its ${files.length} files none is a test, a source or a map`);
for (const name of ['README.md', 'docs/operations.md', 'dist/workflows.bundle.js', 'dist/client/index.d.ts'])
  must(files.includes(join(installed, name)), `${name} is in it`);
const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, string>>;
};
const promised = Object.values(exports).flatMap((each) =>
  typeof each === 'string' ? each : Object.values(each),
);
const absent = promised.filter((name) => !files.includes(join(installed, name)));
none(absent, 'every file that its exports name is there');
const imports = Object.keys(exports).filter((name) => !name.endsWith('.json'));
const load = imports.map((name) => `await import('instruct-lake${name.slice(1)}');`).join(' ');
await ok(process.execPath, ['--input-type=module', '--eval', load], { cwd: home, env });
must(true, `they can be imported: ${imports.join(', ')}`);
const telling = files.filter((file) => tellsThisMachine(readFileSync(file)));
none(telling, 'none of its files names this checkout or a home folder');

await showQuickstart(['npx', '--no-install', 'instruct-lake', 'quickstart'], { cwd: home, folder });

/** Whether a file names where it was made, in plain text or in a source map within it. */
function tellsThisMachine(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  const maps = [...text.matchAll(/data:application\/json;[^,]*base64,([A-Za-z0-9+/=]+)/g)].map(
    ([, map = '']) => Buffer.from(map, 'base64').toString('latin1'),
  );
  const places = [ROOT.replace(/\/$/, ''), ...(homedir().length > 1 ? [`${homedir()}/`] : [])];
  return [text, ...maps].some((each) => places.some((place) => each.includes(place)));
}

function none(found: readonly string[], what: string): void {
  must(found.length === 0, found.length === 0 ? what : `${what}: ${found.join(', ')}`);
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 1000);
}
