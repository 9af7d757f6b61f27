import { linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from './files.ts';
import { startOf } from './process.ts';

/** Who holds the lock of a state folder: a process id, and when that process started, so that a later process with the same id is not taken for it. */
export interface Holder {
  pid: number;
  started: string;
}

const lockFile = (state: string): string => join(state, 'lock.json');

/** The living process that has a stack open, or is opening one, on this state folder. */
export function holderOf(state: string): Holder | undefined {
  return living(lockFile(state));
}

/** Takes the lock for this process. Answers who has it when it is taken; a dead holder's lock is taken over. */
export function takeLock(state: string): { release: () => void } | { held: Holder } {
  const file = lockFile(state);
  const draft = `${file}.${process.pid}`;
  const me: Holder = { pid: process.pid, started: startOf(process.pid) ?? '' };
  writeFileSync(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    for (;;) {
      try {
        linkSync(draft, file); // Unlike a rename it fails when there is one already.
        return { release: () => rmSync(file, { force: true }) };
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
      const held = living(file);
      if (held !== undefined) return { held };
      const thief = removeDead(file);
      if (thief !== undefined) return { held: thief };
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Moves a dead holder's lock away. When another process took it over in the meantime, puts that one's back and names it. */
function removeDead(file: string): Holder | undefined {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
    const thief = living(aside);
    if (thief !== undefined) linkSync(aside, file);
    return thief;
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'EEXIST')) return undefined;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function living(file: string): Holder | undefined {
  const found = readJson(file);
  if (typeof found?.pid !== 'number' || typeof found.started !== 'string') return undefined;
  return startOf(found.pid) === found.started ? { pid: found.pid, started: found.started } : undefined;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
