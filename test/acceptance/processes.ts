// tier: ci — no process outlives Ctrl-C on a terminal, a closed terminal, TERM to npm or -9 to the command, during the quickstart
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI, must, ROOT, run, scratch, skip, until } from './lib.ts';
import { belongings, noneLeft, strangersEnv } from './parts/belongings.ts';

const TERMINAL = fileURLToPath(new URL('./parts/terminal.py', import.meta.url));
const CTRL_C = '\x03';
/** Building both servers, where they have never been, takes minutes. */
const START_SECONDS = 600;
const END_SECONDS = 60;

interface Case {
  after: string;
  command: (state: string) => string[];
  /** What the output must show before the end comes; undefined: as soon as both servers have processes. */
  shows: RegExp | undefined;
  /** Ends it; the process is the terminal, npm, or the command. */
  end: (child: ChildProcess) => void;
  /** Exit codes, or the signal, by which the process itself may end. */
  exits: (number | NodeJS.Signals)[];
}

const direct = (state: string): string[] => [process.execPath, CLI, 'quickstart', '--state', state];
const byNpm = (state: string): string[] => ['npm', 'run', 'quickstart', '--', '--state', state];
const onTerminal =
  (command: (state: string) => string[]) =>
  (state: string): string[] => ['python3', TERMINAL, ...command(state)];
const typed = (text: string) => (child: ChildProcess) => child.stdin?.write(text);
const sent = (signal: NodeJS.Signals) => (child: ChildProcess) => child.kill(signal);

const CASES: Case[] = [
  {
    after: 'Ctrl-C on a terminal while the servers come up',
    command: onTerminal(direct),
    shows: undefined,
    end: typed(CTRL_C),
    exits: [130],
  },
  {
    after: 'Ctrl-C on a terminal in the middle of the run',
    command: onTerminal(direct),
    shows: /synthesize/,
    end: typed(CTRL_C),
    exits: [130],
  },
  {
    after: 'Ctrl-C on a terminal with npm on it',
    command: onTerminal(byNpm),
    shows: /Started ingest\//,
    end: typed(CTRL_C),
    exits: [130],
  },
  {
    after: 'the terminal was closed',
    command: onTerminal(direct),
    shows: /Started ingest\//,
    end: sent('SIGKILL'),
    exits: ['SIGKILL'],
  },
  {
    after: 'TERM to npm in the middle of the run',
    command: byNpm,
    shows: /Started ingest\//,
    end: sent('SIGTERM'),
    exits: ['SIGTERM', 130, 143],
  },
  {
    after: '-9 to the command while the servers come up',
    command: direct,
    shows: undefined,
    end: sent('SIGKILL'),
    exits: ['SIGKILL'],
  },
  {
    after: '-9 to the command in the middle of the run',
    command: direct,
    shows: /✓ scan/,
    end: sent('SIGKILL'),
    exits: ['SIGKILL'],
  },
];

const python = await run('python3', ['-c', 'import pty']).catch(() => undefined);
if (python?.code !== 0) skip('there is no python3 here, which makes the terminal');
must(existsSync(CLI), 'the command is built');
for (const each of CASES) await show(each);

async function show({ after, command, shows, end, exits }: Case): Promise<void> {
  const folder = scratch('processes');
  const [program = '', ...args] = command(join(folder, 'state'));
  const child = spawn(program, args, { cwd: ROOT, env: strangersEnv(folder), stdio: 'pipe' });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  child.stdin.on('error', () => {}); // The terminal may be gone while we type.
  try {
    await until(`output with ${shows ?? 'nothing, but servers'}`, START_SECONDS, async () => {
      if (child.exitCode !== null) throw new Error(`it ended by itself with ${child.exitCode}`);
      return shows === undefined ? bothServers(folder) : shows.test(output) || undefined;
    });
    const running = belongings(folder);
    if (bothServers(folder) === undefined || running.length < 3)
      throw new Error(`the servers do not run:\n${running.map(({ line }) => line).join('\n')}`);
    const told = performance.now();
    end(child);
    const slow = setTimeout(() => child.kill('SIGKILL'), END_SECONDS * 1000);
    const [code, signal] = await exit;
    clearTimeout(slow);
    await noneLeft(folder, `${after} (it had ${running.length}, and ended with ${code ?? signal})`, told);
    if (!exits.includes(code ?? signal ?? 0)) throw new Error(`it ended with ${code ?? signal}`);
    if (hasPublished(folder))
      throw new Error('NOT SO: it ended because it was told to; its run got to the end');
  } catch (error) {
    console.log(output);
    for (const { pid } of belongings(folder)) process.kill(pid, 'SIGKILL');
    throw error;
  }
}

/** Whether the run got to its end: a command that nobody tells to end leaves no process either, in time. */
function hasPublished(folder: string): boolean {
  const runs = join(folder, 'state', 's3', 'lake', 'runs', 'sample');
  return existsSync(runs) && readdirSync(runs).some((run) => existsSync(join(runs, run, 'manifest.json')));
}

/** Whether Temporal and the S3 server run on a folder: not their guards, which are shells. */
function bothServers(folder: string): true | undefined {
  const lines = belongings(folder).map(({ line }) => line);
  const runs = (server: RegExp) => lines.some((line) => server.test(line));
  return (runs(/^\d+ \S*temporal\S* server start-dev /) && runs(/^\d+ \S*versitygw\S* --port /)) || undefined;
}
