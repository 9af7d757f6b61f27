import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** One process for good: numbers are given out again after a while, but not together with the same start. */
export interface Identity {
  pid: number;
  /** When it started, in the operating system's own terms; compared, never interpreted. */
  start: string;
}

/** A process that lives; one that is dead and merely not yet collected by its parent (a zombie) does not. */
export interface LiveProcess extends Identity {
  ppid: number;
  pgid: number;
}

/** The process of that number if it lives. */
export async function processOf(pid: number): Promise<LiveProcess | undefined> {
  return process.platform === 'linux' ? fromProc(pid, await bootId()) : (await fromPs(['-p', `${pid}`]))[0];
}

/** Whether the very process that was noted is still alive. */
export async function isAlive(noted: Identity): Promise<boolean> {
  return (await processOf(noted.pid))?.start === noted.start;
}

/** Every process that lives. Linux answers from /proc, because slim images come without `ps`. */
export async function liveProcesses(): Promise<LiveProcess[]> {
  if (process.platform !== 'linux') return fromPs(['-A']);
  const boot = await bootId();
  const pids = (await readdir('/proc')).filter((entry) => /^[0-9]+$/.test(entry)).map(Number);
  const found = await Promise.all(pids.map((pid) => fromProc(pid, boot)));
  return found.filter((row) => row !== undefined);
}

/** The start counts from the boot, so that the boot's own identity belongs to it. */
async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim();
}

/** /proc/<pid>/stat, see proc(5): the name in parentheses may hold anything, the fields count from behind it. */
async function fromProc(pid: number, boot: string): Promise<LiveProcess | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, ppid, pgid, start] = [fields[0], fields[1], fields[2], fields[19]]; // 3rd, 4th, 5th and 22nd
  if (state === undefined || state === 'Z' || state === 'X' || start === undefined) return undefined;
  return { pid, ppid: Number(ppid), pgid: Number(pgid), start: `${boot}:${start}` };
}

/** The same from `ps` (POSIX, with the `lstart` that BSD, macOS and Linux have), for systems without /proc. */
export async function fromPs(which: readonly string[]): Promise<LiveProcess[]> {
  const columns = ['pid', 'ppid', 'pgid', 'stat', 'lstart'].flatMap((column) => ['-o', `${column}=`]);
  const asked = promisify(execFile)('ps', [...which, ...columns], {
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    maxBuffer: 16 << 20,
  });
  const { stdout } = await asked.catch((error: { code?: unknown; stdout?: string }) => {
    if (error.code !== 1) throw error; // 1: no such process
    return { stdout: error.stdout ?? '' };
  });
  return stdout.split('\n').flatMap((line) => {
    const [pid, ppid, pgid, state, ...start] = line.trim().split(/ +/);
    if (state === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), ppid: Number(ppid), pgid: Number(pgid), start: start.join(' ') }];
  });
}

/**
 * Ends a process, its group and all that descends from it, TERM first and KILL after `graceMs`: trainers start
 * helpers in sessions of their own, which the group alone would miss. Returns whether all are gone.
 */
export async function endTree(root: Identity, graceMs: number): Promise<boolean> {
  const members = new Map<number, LiveProcess>();
  await grow(members, root);
  signal(members, 'SIGTERM');
  if (await gone(members, root, graceMs)) return true;
  signal(members, 'SIGKILL');
  return gone(members, root, 5_000, 'SIGKILL');
}

async function gone(
  members: Map<number, LiveProcess>,
  root: Identity,
  ms: number,
  late?: NodeJS.Signals,
): Promise<boolean> {
  for (const end = Date.now() + ms; ; await delay(25)) {
    await grow(members, root);
    if (members.size === 0) return true;
    if (Date.now() >= end) return false;
    if (late !== undefined) signal(members, late); // those that were being started meanwhile
  }
}

/** Takes out who is dead and adds who has come: members keep their children even when a parent between them dies. */
async function grow(members: Map<number, LiveProcess>, root: Identity): Promise<void> {
  const alive = new Map((await liveProcesses()).map((row) => [row.pid, row]));
  const reused = alive.has(root.pid) && alive.get(root.pid)?.start !== root.start;
  for (const [pid, member] of members) if (alive.get(pid)?.start !== member.start) members.delete(pid);
  if (!reused) for (const row of alive.values()) if (row.pgid === root.pid) members.set(row.pid, row);
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const row of alive.values()) if (members.has(row.ppid)) members.set(row.pid, row);
  }
}

function signal(members: Map<number, LiveProcess>, name: NodeJS.Signals): void {
  for (const pid of members.keys()) sendSignal(pid, name);
}

/** Sends a signal; a process that is gone, or that is no longer ours to signal, is no error. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
