import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Called with a number of tenths of a second and a command. Runs the command and ends it when standard input closes, which the
 * kernel does for us however the parent ends, -9 included: TERM first, KILL after that time. Exits with the command's status.
 */
const GUARD = `
tenths=$1
shift
exec 3<&0
"$@" 3<&- </dev/null &
child=$!
{
  cat <&3 >/dev/null
  kill "$child" || exit 0
  n=0
  while [ "$n" -lt "$tenths" ] && kill -0 "$child"; do sleep 0.1; n=$((n + 1)); done
  kill -0 "$child" && kill -9 "$child"
} 2>/dev/null &
exec 3<&-
wait "$child"
`;
/** How much later than the guard should have come to KILL we end the guard and all it started. */
const LAST_RESORT_MS = 2_000;

export interface GuardOptions {
  /** Takes both outputs of the command; emptied first. */
  logFile: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Milliseconds from TERM to KILL; default ten seconds. */
  grace?: number;
}
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}
export interface Guarded {
  /** Of the guard: it leads a process group of its own, in which the command runs. */
  pid: number;
  logFile: string;
  exited: Promise<Exit>;
  /** What `exited` will say, once it has. */
  exit: () => Exit | undefined;
  /** TERM, KILL after the grace; resolves when it is gone. */
  stop: () => Promise<void>;
}

/** Starts a command that dies with this process, whatever ends this process. Needs a POSIX shell. */
export async function spawnGuarded(
  command: string,
  args: readonly string[],
  options: GuardOptions,
): Promise<Guarded> {
  const { grace = 10_000 } = options;
  const log = openSync(options.logFile, 'w', 0o600);
  const child = spawn('sh', ['-c', GUARD, 'guard', `${Math.ceil(grace / 100)}`, command, ...args], {
    stdio: ['pipe', log, log],
    // A session of its own: Ctrl-C on the terminal reaches us alone, and we close in our own order.
    detached: true,
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  const { pid, stdin } = child;
  if (stdin === null) throw new Error('the guard has no pipe');
  stdin.on('error', () => {}); // The pipe breaks when the guard ends first; `exited` tells that.
  let ended: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = { code, signal };
      stdin.destroy();
      resolve(ended);
    });
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  if (pid === undefined) throw new Error(`${command} did not start`);
  return {
    pid,
    logFile: options.logFile,
    exited,
    exit: () => ended,
    stop: async () => {
      if (ended !== undefined) return;
      stdin.destroy();
      const timer = new AbortController();
      const late = pause(grace + LAST_RESORT_MS, 'late' as const, { signal: timer.signal }).catch(
        () => 'ended' as const,
      );
      if ((await Promise.race([exited, late])) === 'late') process.kill(-pid, 'SIGKILL');
      await exited;
      timer.abort();
    },
  };
}

/** The last lines of a log file that say something; of a Go program that panicked, those before its stack. Empty when there are none. */
export function logTail(file: string, lines = 8): string {
  try {
    const all = readFileSync(file, 'utf8').split('\n');
    const said = all.filter((line) => line.trim() !== '');
    const panic = said.findIndex((line) => line.startsWith('panic: '));
    return (panic < 0 ? said : said.slice(0, panic + 1)).slice(-lines).join('\n');
  } catch {
    return '';
  }
}
