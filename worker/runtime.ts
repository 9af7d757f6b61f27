import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { DefaultLogger, type LogEntry, type LogLevel, Runtime } from '@temporalio/worker';
import { runAttributes } from './log-attributes.ts';

/** One JSON object per line: time, level, message, and what the SDK knows of workflow and activity. */
function line({ level, message, timestampNanos, meta }: LogEntry): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  return `${JSON.stringify({ time, level, message, ...runAttributes(meta?.workflowId), ...meta }, plain)}\n`;
}

/** Errors and big numbers as JSON; objects that point back at themselves by their name. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message };
  return typeof value === 'bigint' ? String(value) : value;
}

/** Logs of the worker to `<state>/logs/worker.jsonl`, so that they do not run into a command's own output. */
export function quietRuntime(state: string, metrics?: { address: string }): void {
  const file = createWriteStream(join(state, 'logs', 'worker.jsonl'), { flags: 'a', mode: 0o600 });
  install('INFO', (entry) => file.write(line(entry)), metrics);
}

/** Logs of the worker to stderr, a JSON object per line. */
export function loudRuntime(level: LogLevel = 'INFO', metrics?: { address: string }): void {
  install(level, (entry) => process.stderr.write(line(entry)), metrics);
}

/** What the SDK warns of and what is meant: a worker of one queue does one kind of work. */
const MEANT: ReadonlySet<string> = new Set([
  'No workflows registered, not polling for workflow tasks',
  'No activities registered, not polling for activity tasks',
]);

function install(
  level: LogLevel,
  write: (entry: LogEntry) => void,
  metrics: { address: string } | undefined,
): void {
  Runtime.install({
    logger: new DefaultLogger(level, (entry) => {
      if (!MEANT.has(entry.message)) write(entry);
    }),
    // We end our workers ourselves; the SDK's own handlers would race with that.
    shutdownSignals: [],
    telemetryOptions: {
      logging: { forward: {}, filter: 'WARN' },
      ...(metrics && {
        metrics: {
          prometheus: {
            bindAddress: metrics.address,
            countersTotalSuffix: true,
            unitSuffix: true,
            useSecondsForDurations: true,
          },
        },
      }),
    },
  });
}
