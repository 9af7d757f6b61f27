import { dirname, resolve } from 'node:path';
import type { Settings } from '../activities/settings.ts';
import { InvalidConfig } from '../lake/errors.ts';
import type { Role } from '../workflows/contract.ts';
import { parseConfig, readYaml } from './config/parse.ts';
import { isSet, secretsOf } from './config/secrets.ts';

export type { WorkerConfig } from './config/schema.ts';

/** What a worker is told by its configuration: what activities work with, and what the process itself is to do. */
export interface WorkerSettings extends Settings {
  roles: Role[];
  threads: number;
  /** Where `/metrics` answers, if anywhere. */
  metrics?: { address: string };
  logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/**
 * Reads a worker's YAML. Variables of the environment go before what stands in it; relative paths start from its folder; secrets come
 * from the environment. Throws InvalidConfig.
 */
export async function readConfig(file: string, env: NodeJS.ProcessEnv): Promise<WorkerSettings> {
  return settingsOf(await readYaml(file), { file, env });
}

/** Checks a configuration and resolves paths and secrets. Throws InvalidConfig that lists every problem at once. */
export function settingsOf(
  value: unknown,
  { file, env }: { file: string; env: NodeJS.ProcessEnv },
): WorkerSettings {
  const { config } = parseConfig(value, { file, env });
  for (const { what, variable } of secretsOf(config)) {
    if (isSet(variable, env)) continue;
    throw new InvalidConfig(`${what} is in the environment variable ${variable}, which is not set (${file})`);
  }
  const secret = (variable: string): string => env[variable] ?? '';
  const folder = dirname(file);
  const { lake, endpoints, tokenizers, launchers, ...process } = config;
  const { accessKeyIdEnv, secretAccessKeyEnv, ...store } = lake;
  return {
    ...process,
    lake: {
      ...store,
      ...(accessKeyIdEnv === undefined ? {} : { accessKeyId: secret(accessKeyIdEnv) }),
      ...(secretAccessKeyEnv === undefined ? {} : { secretAccessKey: secret(secretAccessKeyEnv) }),
    },
    endpoints: mapValues(endpoints, ({ apiKeyEnv, headersEnv, timeoutSeconds, url, ca, ...each }) => ({
      ...each,
      urls: typeof url === 'string' ? [url] : url,
      timeoutMs: timeoutSeconds * 1000,
      ...(apiKeyEnv === undefined ? {} : { apiKey: secret(apiKeyEnv) }),
      ...(headersEnv === undefined ? {} : { headers: mapValues(headersEnv, secret) }),
      ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
    })),
    tokenizers: mapValues(tokenizers, (each) => ({ ...each, file: resolve(folder, each.file) })),
    launchers: mapValues(launchers, (each) => ({ ...each, directory: resolve(folder, each.directory) })),
  };
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
