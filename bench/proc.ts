import { readdirSync, readFileSync } from 'node:fs';

/* What Linux tells of processes under /proc (man 5 proc). Elsewhere every answer is undefined. */

/** Ticks per second in /proc: USER_HZ, which is 100 on every platform Node runs on. */
const TICKS = 100;
const KIB = 1024;

/** CPU seconds of all processes that this one, or a descendant that it has waited for, has waited for so far. */
export function childrenCpuSeconds(): number | undefined {
  const stat = read('/proc/self/stat');
  if (stat === undefined) return undefined;
  // The second field is the program's name in brackets, and may hold blanks; cutime and cstime are the 16th and 17th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** CPU seconds of a process and its threads so far, its children left out. */
export function cpuSecondsOf(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/**
 * Memory of a process and its descendants now: the sum of what is resident (pages that two of them share count twice),
 * and the largest peak that one of them has had so far.
 */
export function treeMemory(pid: number): { sumBytes: number; peakBytes: number } | undefined {
  let found = false;
  let sumBytes = 0;
  let peakBytes = 0;
  const visit = (id: number, parentCommand: string | undefined): void => {
    const command = read(`/proc/${id}/cmdline`);
    const status = read(`/proc/${id}/status`);
    if (command === undefined || status === undefined) return;
    // Between fork and exec a child shows its parent's memory as its own; it has its parent's arguments until then.
    if (command !== parentCommand) {
      found = true;
      sumBytes += field(status, 'VmRSS');
      peakBytes = Math.max(peakBytes, field(status, 'VmHWM'));
    }
    for (const child of childrenOf(id)) visit(child, command);
  };
  visit(pid, undefined);
  return found ? { sumBytes, peakBytes } : undefined;
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      (read(`/proc/${pid}/task/${task}/children`) ?? '')
        .split(' ')
        .filter((text) => text !== '')
        .map(Number),
    );
  } catch {
    return []; // It has ended.
  }
}

function field(status: string, name: string): number {
  const [, kib = '0'] = new RegExp(`^${name}:\\s*([0-9]+) kB$`, 'm').exec(status) ?? [];
  return Number(kib) * KIB;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // It has ended, or there is no /proc.
  }
}
