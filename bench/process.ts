import { spawn } from 'node:child_process';
import type { Run } from './harness.ts';
import { childrenCpuSeconds, treeMemory } from './proc.ts';

export interface ProcessOptions {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Record<string, string>;
  /** Between two looks at the memory. */
  sampleMs?: number;
  /** The process is killed after this long. */
  limitMs?: number;
  /** Ends the process with TERM; its end is waited for. */
  signal?: AbortSignal;
}

/** A finished process: what it printed and what it cost. */
export interface Finished extends Omit<Run, 'digest' | 'workSeconds'> {
  stdout: string;
}

const SAMPLE_MS = 20;
const LIMIT_MS = 10 * 60_000;
const TAIL_LINES = 15;

/**
 * Runs a program to its end and measures it and its descendants. One at a time: CPU time is taken from what this process
 * has waited for. Throws an Error with the end of what it printed when it fails.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  { cwd, env, sampleMs = SAMPLE_MS, limitMs = LIMIT_MS, signal }: ProcessOptions = {},
): Promise<Finished> {
  signal?.throwIfAborted();
  const cpuBefore = childrenCpuSeconds();
  const started = performance.now();
  const child = spawn(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  let peak = 0;
  const look = (): void => {
    const memory = child.pid === undefined ? undefined : treeMemory(child.pid);
    if (memory !== undefined) peak = Math.max(peak, memory.sumBytes, memory.peakBytes);
  };
  const sampling = setInterval(look, sampleMs);
  const output: [string[], string[]] = [[], []];
  for (const [i, stream] of [child.stdout, child.stderr].entries()) {
    stream.setEncoding('utf8').on('data', (text: string) => output[i]?.push(text));
  }
  const ended = await new Promise<{ how: string | number; wallSeconds: number; cpu: number | undefined }>(
    (resolve, reject) => {
      let end = { how: 'no exit' as string | number, wallSeconds: 0, cpu: cpuBefore };
      child.once('error', reject);
      child.once('exit', (code, killedBy) => {
        const wallSeconds = (performance.now() - started) / 1000;
        end = { how: killedBy ?? code ?? 'no exit', wallSeconds, cpu: childrenCpuSeconds() };
      });
      child.once('close', () => resolve(end));
    },
  ).finally(() => {
    clearInterval(sampling);
    signal?.removeEventListener('abort', stop);
  });
  signal?.throwIfAborted();
  const [stdout, stderr] = output.map((texts) => texts.join(''));
  if (ended.how !== 0) {
    const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-TAIL_LINES).join('\n');
    const late = ended.wallSeconds * 1000 >= limitMs ? `, still running after ${limitMs / 1000} s` : '';
    throw new Error(`${command} ${args.join(' ')} failed (${ended.how}${late}):\n${tail}`);
  }
  return {
    stdout: stdout ?? '',
    wallSeconds: ended.wallSeconds,
    cpuSeconds: ended.cpu === undefined || cpuBefore === undefined ? undefined : ended.cpu - cpuBefore,
    peakBytes: peak === 0 ? undefined : peak,
  };
}

/** A run of a contender whose last line of output is `{"digest": "…", "seconds": 1.23}`; `seconds` is of its work alone. */
export async function runReporting(
  command: string,
  args: readonly string[],
  options?: ProcessOptions,
): Promise<Run> {
  const { stdout, ...costs } = await runProcess(command, args, options);
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  const report = parse(line);
  if (typeof report?.digest !== 'string' || report.digest === '') {
    throw new Error(`${command} ${args.join(' ')} ended without a digest: ${JSON.stringify(line)}`);
  }
  const { digest, seconds, bytes } = report;
  const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
  return { digest, ...costs, workSeconds: number(seconds), outputBytes: number(bytes) };
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
