import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { must, until } from '../lib.ts';

/** A server takes TERM well, and its guard comes with KILL after ten seconds. */
const GONE_SECONDS = 30;
/** Everything that a program started with this environment starts in its turn has the folder's name in its own. */
const MARK = 'ACCEPTANCE_SCRATCH';

interface Belonging {
  pid: number;
  /** Its arguments, or the program alone where they do not name the folder. */
  line: string;
}

/** The environment of somebody who has never heard of us, with a mark by which what runs in it is found again. */
export function strangersEnv(folder: string): NodeJS.ProcessEnv {
  const ours = /^(INSTRUCT_LAKE_|TEMPORAL_(?!CLI$)|npm_(lifecycle|package)_|NODE_OPTIONS$)/;
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(kept), [MARK]: folder };
}

/** Processes that name a folder in their arguments or environment, or work in it. Without /proc: in their arguments alone. */
export function belongings(folder: string): Belonging[] {
  const found = process.platform === 'linux' ? fromProc(folder) : fromPs(folder);
  return found.filter(({ pid }) => pid !== process.pid);
}

/** Waits until no process belongs to a folder; ends those that stay, and fails. `started` is when it was told to end. */
export async function noneLeft(folder: string, after: string, started = performance.now()): Promise<void> {
  try {
    await until('gone', GONE_SECONDS, async () => belongings(folder).length === 0 || undefined);
  } catch {
    const left = belongings(folder);
    for (const { pid } of left) end(pid);
    throw new Error(`NOT SO: nothing is left after ${after}\n${left.map(({ line }) => line).join('\n')}`);
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  must(true, `no process is left ${seconds} s after ${after}`);
}

function fromProc(folder: string): Belonging[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const its =
        line.includes(folder) ||
        readlinkSync(`/proc/${name}/cwd`).startsWith(folder) ||
        readFileSync(`/proc/${name}/environ`, 'utf8').includes(folder);
      return its ? [{ pid: Number(name), line: `${name} ${line}` }] : [];
    } catch {
      return []; // It has ended, or it is another user's.
    }
  });
}

function fromPs(folder: string): Belonging[] {
  const all = execFileSync('ps', ['-ww', '-e', '-o', 'pid=,args='], { encoding: 'utf8' });
  return all
    .split('\n')
    .flatMap((line) =>
      line.includes(folder) ? [{ pid: Number.parseInt(line, 10), line: line.trim() }] : [],
    );
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
