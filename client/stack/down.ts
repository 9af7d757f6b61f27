import { resolve } from 'node:path';
import { holderOf } from './lock.ts';
import { until } from './poll.ts';
import { answers } from './ports.ts';
import { startOf } from './process.ts';
import type { Report } from './progress.ts';
import { DEFAULT_STATE, readStack, removeStack } from './state.ts';

const TERM_MS = 20_000;
/** After KILL the guards end the servers, which may take them ten seconds. */
const GUARDS_MS = 15_000;

/** Ends the stack on a state folder, however it was started; says so when there is none. Returns when nothing of it runs. */
export async function down(options: { state?: string; report: Report; within?: number }): Promise<void> {
  const state = resolve(options.state ?? DEFAULT_STATE);
  const holder = holderOf(state);
  if (holder === undefined) {
    removeStack(state);
    options.report(`Nothing runs on ${state}.`);
    return;
  }
  const settings = await readStack(state);
  const gone = async () => startOf(holder.pid) !== holder.started || undefined;
  send(holder.pid, 'SIGTERM');
  try {
    const within = options.within ?? TERM_MS;
    await until(gone, { within, what: `process ${holder.pid} did not end` });
  } catch {
    options.report(`Process ${holder.pid} does not end; killing it.`);
    send(holder.pid, 'SIGKILL');
    await until(gone, { within: GUARDS_MS, what: `process ${holder.pid} did not end` });
  }
  if (settings !== undefined) {
    const ports = [settings.temporal, new URL(settings.s3.endpoint).host];
    const silent = async () =>
      !(await Promise.all(ports.map((port) => answers(port)))).includes(true) || undefined;
    await until(silent, { within: GUARDS_MS, what: 'the servers did not end' });
  }
  removeStack(state);
  options.report(`The stack on ${state} is down.`);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
