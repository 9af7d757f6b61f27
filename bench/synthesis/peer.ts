import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from '../process.ts';

const REQUIREMENTS = fileURLToPath(new URL('../contenders/synthesis-requirements.txt', import.meta.url));

export interface Peer {
  /** Its Python. */
  python: string;
  version: string;
}

/**
 * datatrove in a virtual environment of the bench's own in the user's cache, made from the committed requirements where
 * it is not there yet. Without a Python, or without a registry to install from: why there is no peer.
 */
export async function obtainPeer(
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<Peer | { missing: string }> {
  const requirements = readFileSync(REQUIREMENTS, 'utf8');
  const hash = createHash('sha256').update(requirements).digest('hex').slice(0, 12);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'instruct-lake', `bench-synthesis-${hash}`);
  const python = join(folder, 'bin', 'python');
  const complete = join(folder, 'complete');
  const version = /^datatrove==(.*)$/m.exec(requirements)?.[1] ?? '';
  if (existsSync(complete)) return { python, version };
  try {
    note('synthesis: installing datatrove');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await runProcess(process.env.INSTRUCT_LAKE_PYTHON ?? 'python3', ['-m', 'venv', folder], { signal });
    await runProcess(python, ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS], { signal });
    writeFileSync(complete, '');
    return { python, version };
  } catch (error) {
    signal.throwIfAborted();
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
