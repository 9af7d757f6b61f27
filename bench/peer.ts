import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from './process.ts';

export interface Peer {
  /** Its Python. */
  python: string;
  /** Of each package that the requirements name. */
  versions: Record<string, string>;
}

/**
 * The Python programs that a bench compares with, in a virtual environment of its own in the user's cache, made from
 * `contenders/<bench>-requirements.txt` where it is not there yet. Without a Python, or without a registry to install
 * from: why there is no peer.
 */
export async function obtainPeer(
  bench: string,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<Peer | { missing: string }> {
  const path = fileURLToPath(new URL(`contenders/${bench}-requirements.txt`, import.meta.url));
  const requirements = readFileSync(path, 'utf8');
  const hash = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'instruct-lake', `bench-${bench}-${hash}`);
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  const pinned = [...requirements.matchAll(/^([^#=\s]+)==(\S+)$/gm)];
  const versions = Object.fromEntries(pinned.map(([, name = '', version = '']) => [name, version]));
  if (existsSync(complete)) return { python, versions };
  try {
    note(`${bench}: installing ${Object.keys(versions).join(', ')}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await runProcess(process.env.INSTRUCT_LAKE_PYTHON ?? 'python3', ['-m', 'venv', folder], { signal });
    await runProcess(python, ['-m', 'pip', 'install', '--quiet', '-r', path], { signal });
    writeFileSync(complete, '');
    return { python, versions };
  } catch (error) {
    signal.throwIfAborted();
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
