import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Finished, must, ok, ROOT, run, skip } from '../lib.ts';
import { noneLeft, strangersEnv } from './belongings.ts';

/** The bound for the quickstart once the servers are there. */
const QUICKSTART_SECONDS = 60;
/** When one that hangs is told to end. */
const PATIENCE_MS = 300_000;

/** What is committed, cloned into `folder`/clone the way a stranger gets it; skips the script where there is no repository. */
export async function cleanClone(folder: string): Promise<string> {
  if (!existsSync(join(ROOT, '.git'))) skip('this is no git checkout');
  const clone = join(folder, 'clone');
  // Without hard links: what is in the clone is then what was committed.
  await ok('git', ['clone', '--quiet', '--no-hardlinks', ROOT, clone]);
  console.log(`  cloned ${(await ok('git', ['log', '-1', '--format=%h %s'], { cwd: clone })).trim()}`);
  return clone;
}

/** Runs npm in a clone as a stranger would. */
export const npm = (clone: string, folder: string, ...args: string[]): Promise<Finished> =>
  run('npm', args, { cwd: clone, env: strangersEnv(folder) });

export async function npmCi(clone: string, folder: string): Promise<void> {
  const { code, stdout, stderr, seconds } = await npm(clone, folder, 'ci');
  if (code !== 0) throw new Error(`NOT SO: npm ci works\n${stdout}${stderr}`);
  must(true, `npm ci works (${seconds.toFixed(1)} s)`);
}

/** Runs the quickstart by `command` with the servers obtained already, and looks at what it says and leaves. */
export async function showQuickstart(
  command: readonly string[],
  options: { cwd: string; folder: string },
): Promise<void> {
  const { cwd, folder } = options;
  const [program = '', ...args] = command;
  const { code, stdout, stderr, seconds } = await run(program, args, {
    cwd,
    env: strangersEnv(folder),
    timeout: PATIENCE_MS,
  });
  const said = `${stdout}${stderr}`;
  if (code !== 0) throw new Error(`NOT SO: ${command.join(' ')} exits 0 (${code})\n${said}`);
  must(
    seconds < QUICKSTART_SECONDS,
    `${command.join(' ')} exits 0 after ${seconds.toFixed(1)} s, of ${QUICKSTART_SECONDS} allowed once the servers are there`,
  );
  for (const part of [
    /\d+ texts prompted, [\d,]+ pairs/,
    /completed after/,
    /One document as the model will see it:\n(.*\n){3}/,
    /Temporal UI: http/,
    /Next:\n(.*npx instruct-lake .*\n){3}/,
  ]) {
    if (!part.test(said)) throw new Error(`NOT SO: its output has ${part}\n${said}`);
  }
  must(true, 'it shows progress, a summary, a document, where the UI is, and three commands to try next');
  await noneLeft(folder, 'it');
}
