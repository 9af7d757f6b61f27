import { accessSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { ServerUnobtainable } from '../../lake/errors.ts';
import { logTail, spawnGuarded } from './guard.ts';
import { type Report, saying } from './progress.ts';

/** One way to a server's binary: a path, or why there is none this way. */
export interface Way {
  name: string;
  take: (report: Report, signal?: AbortSignal) => Promise<{ path: string } | { failed: string }>;
}

/** Where downloaded and built servers are kept: `instruct-lake/bin` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const base =
    env.XDG_CACHE_HOME ||
    join(homedir(), ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']));
  return join(resolve(base), 'instruct-lake', 'bin');
}

/** The first way that works. Throws ServerUnobtainable with every way, why it failed, and `mend`. */
export async function firstOf(
  server: string,
  ways: readonly Way[],
  mend: readonly string[],
  report: Report,
  signal?: AbortSignal,
): Promise<string> {
  const tried: string[] = [];
  for (const way of ways) {
    signal?.throwIfAborted();
    const answer = await way.take(report, signal);
    if ('path' in answer) return answer.path;
    tried.push(`  - ${way.name}: ${answer.failed}`);
  }
  signal?.throwIfAborted();
  const help = mend.map((line) => `  - ${line}`);
  throw new ServerUnobtainable(
    [`${server} could not be obtained. Tried:`, ...tried, 'Any one of these mends it:', ...help].join('\n'),
  );
}

/** A path in an environment variable. When it is set, nothing else counts: a wrong one is an error, not a reason to go on. */
export function byVariable(variable: string, env: NodeJS.ProcessEnv = process.env): Way {
  return {
    name: variable,
    take: async () => {
      const path = env[variable];
      if (!path) return { failed: 'not set' };
      if (!isExecutable(path)) {
        throw new ServerUnobtainable(
          `${variable} names ${path}, which is not an executable file; correct it, or unset it to have the server found`,
        );
      }
      return { path: resolve(path) };
    },
  };
}

export function byPath(command: string, env: NodeJS.ProcessEnv = process.env): Way {
  return {
    name: `${command} on the PATH`,
    take: async () => {
      const path = onPath(command, env);
      return path === undefined ? { failed: 'not there' } : { path };
    },
  };
}

/** Names carry a version: another version of this program looks for another file. */
export function byCache(cacheDir: string, names: readonly string[]): Way {
  return {
    name: `the cache ${cacheDir}`,
    take: async () => {
      const path = names.map((name) => join(cacheDir, name)).find(isExecutable);
      return path === undefined ? { failed: `no ${names.join(', no ')}` } : { path };
    },
  };
}

/** `go install` of one command at one version, kept in the cache under `name`. */
export function byGo(
  cacheDir: string,
  name: string,
  module: string,
  env: NodeJS.ProcessEnv = process.env,
): Way {
  return {
    name: `go install ${module}`,
    take: (report, signal) =>
      intoCache(cacheDir, name, async (folder) => {
        const go = onPath('go', env);
        if (go === undefined) return { failed: 'go is not on the PATH' };
        const done = saying(report, `building ${name} with go install`, 'this takes minutes, once');
        try {
          const logFile = join(folder, 'log');
          const bin = join(folder, 'bin');
          const build = await spawnGuarded(go, ['install', module], { logFile, env: { ...env, GOBIN: bin } });
          const stop = () => void build.stop();
          signal?.addEventListener('abort', stop, { once: true });
          const { code } = await build.exited;
          signal?.removeEventListener('abort', stop);
          const command = module.replace(/@.*$/, '').split('/').at(-1) ?? name;
          return code === 0
            ? { path: join(bin, command) }
            : { failed: logTail(logFile, 1) || `exit code ${code}` };
        } finally {
          done();
        }
      }),
  };
}

/**
 * Makes a binary in a folder of its own beside the cache's files and moves it into place in one step: processes that do the same
 * at the same time never see half a file, and the last one wins with an equal one.
 */
export async function intoCache(
  cacheDir: string,
  name: string,
  make: (folder: string) => Promise<{ path: string } | { failed: string }>,
): Promise<{ path: string } | { failed: string }> {
  let folder: string | undefined;
  try {
    mkdirSync(cacheDir, { recursive: true });
    folder = mkdtempSync(join(cacheDir, '.making-'));
    const made = await make(folder);
    if ('failed' in made) return made;
    if (!isExecutable(made.path)) return { failed: `left no executable ${made.path}` };
    renameSync(made.path, join(cacheDir, name));
    return { path: join(cacheDir, name) };
  } catch (error) {
    return { failed: reasonOf(error) };
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** An error in one line, with the causes that libraries hide it behind. */
export function reasonOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at !== undefined && parts.length < 4; ) {
    const text = at instanceof Error ? at.message : String(at);
    if (text !== '' && !parts.some((part) => part.includes(text))) parts.push(text);
    at = at instanceof Error ? at.cause : undefined;
  }
  return parts.join(': ').replaceAll('\n', ' ');
}

function onPath(command: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => resolve(folder, command)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
