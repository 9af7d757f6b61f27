import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that is shown. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built command; `npm ci` builds it. */
export const CLI = join(ROOT, 'dist', 'client', 'cli.js');
/** Real data to show things on, beside the checkout or where INSTRUCT_LAKE_DATA says; undefined when there is none. */
export const DATA = [process.env.INSTRUCT_LAKE_DATA, join(ROOT, '..', 'shared', 'data')].find(
  (folder) => folder !== undefined && existsSync(join(folder, 'corpus')),
);

/** Fails the script when something is not so. */
export function must(so: boolean, what: string): asserts so {
  if (!so) throw new Error(`NOT SO: ${what}`);
  console.log(`  so: ${what}`);
}

/** What a script exits with when a thing it needs is not on this machine. */
export const SKIPPED = 77;

/** Ends the script when a thing it needs is not on this machine; it says so, and counts neither way. */
export function skip(why: string): never {
  console.log(`  skipped: ${why}`);
  process.exit(SKIPPED);
}

/** A folder that goes when the script ends. */
export function scratch(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `instruct-lake-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
  seconds: number;
}
/** Runs a program to its end and gives what it printed; with `echo` its lines are shown as they come. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { echo?: boolean } = {},
): Promise<Finished> {
  const { echo, ...rest } = options;
  const started = performance.now();
  const child = spawn(command, args, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
      if (echo) process.stdout.write(text);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...printed, seconds: (performance.now() - started) / 1000 };
}

/** Runs our command. */
export const lake = (
  args: readonly string[],
  options: SpawnOptions & { echo?: boolean } = {},
): Promise<Finished> => run(process.execPath, [CLI, ...args], options);

/** Runs a program that must succeed; its stdout. */
export async function ok(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { echo?: boolean } = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** Starts a program in the background; it is killed when the script ends. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, args, { stdio: 'ignore', ...options });
  process.on('exit', () => child.kill('SIGKILL'));
  return child;
}

/** Polls until `probe` gives something; fails after `seconds`. */
export async function until<T>(
  what: string,
  seconds: number,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
