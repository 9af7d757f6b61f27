import { rmSync, writeFileSync } from 'node:fs';
import type { LogLevel } from '@temporalio/worker';
import { BadUsage, TemporalUnavailable } from '../lake/errors.ts';
import { readConfig } from '../worker/config.ts';
import { loudRuntime } from '../worker/runtime.ts';
import { startWorker } from '../worker/worker.ts';
import type { Role } from '../workflows/contract.ts';
import { localConfigFile, localEnv, refuseLakeOverride } from './local-config.ts';
import { serviceExit, watchLifetime } from './stack/lifetime.ts';
import { resolveTarget, type TargetFlags } from './target.ts';

export interface WorkerFlags extends TargetFlags {
  config?: string;
  role?: string[];
  threads?: number;
  readyFile?: string;
}

/** Runs a worker until a signal; the exit code. */
export async function runWorker(options: WorkerFlags, report: (line: string) => void): Promise<number> {
  if (options.threads !== undefined && !(options.threads >= 1))
    throw new BadUsage('--threads takes a number from 1');
  const target = await resolveTarget(options);
  const { stack } = target;
  const file = options.config ?? (stack === undefined ? undefined : localConfigFile(stack.state));
  if (file === undefined) {
    throw new BadUsage(
      `a worker needs a configuration: name it with --config, or start a stack with \`instruct-lake up\` (${target.said})`,
    );
  }
  if (options.config === undefined) refuseLakeOverride(process.env);
  const env = stack === undefined ? process.env : { ...process.env, ...localEnv(stack) };
  const settings = await readConfig(file, env);
  const ready = readyMark(options.readyFile);
  // One that was killed has left its own.
  ready.gone();
  loudRuntime(settings.logLevel.toUpperCase() as LogLevel, settings.metrics);
  const life = watchLifetime();
  try {
    const roles = (options.role as Role[] | undefined) ?? settings.roles;
    const worker = await startWorker({
      connection: target.connection,
      namespace: target.namespace,
      settings,
      roles,
      threads: options.threads ?? settings.threads,
      measured: settings.metrics !== undefined,
    }).catch((cause: unknown) => {
      if (!(cause instanceof Error) || cause.name !== 'TransportError') throw cause;
      throw new TemporalUnavailable(
        `${target.said} does not answer; start a local stack with \`instruct-lake up\`, or name a server with --address`,
        {},
        { cause },
      );
    });
    report(`A worker runs on ${target.said}, configuration ${file}, roles ${roles.join(', ')}.`);
    ready.there();
    const ending = await Promise.race([life.ended, worker.done.then(() => undefined)]);
    ready.gone();
    await worker.close();
    return ending === undefined ? 1 : serviceExit(ending);
  } finally {
    ready.gone();
    life.release();
  }
}

/** A file that says by being there that the worker takes work. Throws BadUsage when it cannot be written. */
function readyMark(file: string | undefined): { there: () => void; gone: () => void } {
  return {
    gone: () => file !== undefined && rmSync(file, { force: true }),
    there: () => {
      if (file === undefined) return;
      try {
        writeFileSync(file, '');
      } catch (cause) {
        throw new BadUsage(`--ready-file ${file} cannot be written`, {}, { cause });
      }
    },
  };
}
