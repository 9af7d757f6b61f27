import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { cancelAll } from '../../../activities/train/command-cancel.ts';
import type { JobRecord } from '../../../activities/train/command-job.ts';
import type { Launcher, TrainingState } from '../../../activities/train/launcher.ts';

export type Running = Extract<TrainingState, { state: 'running' }>;

/** A folder of jobs; closing it cancels what runs there, also after a failed assertion. */
export function jobsFolder(): { directory: string; close: () => Promise<void> } {
  const directory = mkdtempSync(join(tmpdir(), 'instruct-lake-train-'));
  return {
    directory,
    close: async () => {
      await cancelAll(directory, 200);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Polls until `want` gives something, at most 20 s: machines may be busy. */
export async function until<T>(want: () => Promise<T | undefined> | T | undefined, what: string): Promise<T> {
  for (const end = Date.now() + 20_000; ; await delay(20)) {
    const got = await want();
    if (got !== undefined) return got;
    if (Date.now() > end) throw new Error(`${what} did not come within 20 s`);
  }
}

export async function over(launcher: Launcher, name: string): Promise<TrainingState> {
  return until(async () => {
    const state = await launcher.poll(name);
    return state.state === 'running' ? undefined : state;
  }, `the end of ${name}`);
}

export async function saying(launcher: Launcher, name: string, line: string): Promise<Running> {
  return until(async () => {
    const state = await launcher.poll(name);
    return state.state === 'running' && state.lastLines.includes(line) ? state : undefined;
  }, `${name} saying ${line}`);
}

export function recordOf(directory: string, name: string): JobRecord {
  return JSON.parse(readFileSync(join(directory, name, 'job.json'), 'utf8')) as JobRecord;
}

/** A shell script as a trainer; `$1` and `$2` are the input file and the output folder. */
export function shell(script: string): string[] {
  return ['/bin/sh', '-c', script, 'trainer', '{input}', '{output}'];
}

/** Another process that ensures a job when it is told to, see ensure-process.ts. */
export async function ensurer(args: readonly string[]): Promise<{
  child: ChildProcess;
  go: () => Promise<void>;
}> {
  const module = new URL('./ensure-process.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', module, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => said.includes('ready') || undefined, 'a process that ensures');
  return {
    child,
    go: async () => {
      child.stdin.write('go\n');
      await until(() => said.includes('ensured') || undefined, 'an ensured job');
    },
  };
}

export async function kill9(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Command lines of the processes that mention a text. */
export function commandLines(text: string): string[] {
  const lines = execFileSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(text));
}
