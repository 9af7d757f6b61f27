import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { S3Settings } from '../../lake/s3.ts';
import { readJson, writePrivateJson } from './files.ts';
import { answers } from './ports.ts';
import { startOf } from './process.ts';

/** The folder a local stack lives in, under the current one, unless `--state` names another. */
export const DEFAULT_STATE = '.instruct-lake';

/** How to reach a running local stack: what `stack.json` in its state folder holds. */
export interface StackSettings {
  /** host:port of Temporal's gRPC service. */
  temporal: string;
  namespace: string;
  /** URL of Temporal's UI. */
  ui: string;
  s3: Required<S3Settings>;
  /** URL of the embedded synthesizer endpoint, without /v1. */
  endpoint: string;
  /** The state folder, absolute. */
  state: string;
  /** The process that keeps the stack up. */
  pid: number;
  startedAt: string;
}

const stackFile = (state: string): string => join(state, 'stack.json');

/** Makes the folder with its subfolders. It keeps itself out of git: it holds keys and data. Returns its absolute path. */
export function openState(folder: string): string {
  const state = resolve(folder);
  // versitygw takes a sidecar folder whose name begins with its root's ("s3-sidecar") for one inside it.
  for (const sub of ['s3', 'sidecar', 'logs']) mkdirSync(join(state, sub), { recursive: true });
  writeFileSync(join(state, '.gitignore'), '*\n');
  return state;
}

/** The stack that runs on a state folder: its process lives and Temporal's port answers. Undefined otherwise. */
export async function readStack(folder: string = DEFAULT_STATE): Promise<StackSettings | undefined> {
  const found = readJson(stackFile(resolve(folder)));
  if (found === undefined || !isSettings(found)) return undefined;
  if (startOf(found.pid) === undefined) return undefined;
  return (await answers(found.temporal)) ? found : undefined;
}

/** Says that the stack is ready; nothing is ready before. */
export function writeStack(settings: StackSettings): void {
  writePrivateJson(stackFile(settings.state), settings);
}

export function removeStack(state: string): void {
  rmSync(stackFile(state), { force: true });
}

/** Keys of the local S3 server: made once, at random, kept in the state folder. */
export function s3Keys(state: string): { accessKeyId: string; secretAccessKey: string } {
  const file = join(state, 'secrets.json');
  const kept = readJson(file);
  if (typeof kept?.accessKeyId === 'string' && typeof kept.secretAccessKey === 'string') {
    return { accessKeyId: kept.accessKeyId, secretAccessKey: kept.secretAccessKey };
  }
  const keys = {
    accessKeyId: `LAKE${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  writePrivateJson(file, keys);
  return keys;
}

function isSettings(value: object): value is StackSettings {
  const texts = ['temporal', 'namespace', 'ui', 'endpoint', 'state', 'startedAt'];
  const found = value as Record<string, unknown>;
  return (
    texts.every((name) => typeof found[name] === 'string') &&
    typeof found.pid === 'number' &&
    typeof found.s3 === 'object' &&
    found.s3 !== null
  );
}
