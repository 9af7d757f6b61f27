import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { InvalidConfig } from '../lake/errors.ts';
import { nodeArgs } from '../lake/node-args.ts';
import { overridesOf } from '../worker/config/overrides.ts';
import { settingsOf, type WorkerConfig, type WorkerSettings } from '../worker/config.ts';
import { sampleTokenizerPath, sampleTrainerPath } from './sample/index.ts';
import type { StackSettings } from './stack/state.ts';

const ACCESS_KEY_ID = 'INSTRUCT_LAKE_S3_ACCESS_KEY_ID';
const SECRET_ACCESS_KEY = 'INSTRUCT_LAKE_S3_SECRET_ACCESS_KEY';

/** The secrets of a local stack as its worker's environment has them. */
export const localEnv = ({ s3 }: StackSettings): Record<string, string> => ({
  [ACCESS_KEY_ID]: s3.accessKeyId,
  [SECRET_ACCESS_KEY]: s3.secretAccessKey,
});

/** Where the configuration of a local stack's worker is written for people to see and to copy. */
export const localConfigFile = (state: string): string => join(state, 'worker.yaml');

/** A local stack has a lake of its own: a variable that names another one would part it from its Temporal. Throws InvalidConfig. */
export function refuseLakeOverride(env: NodeJS.ProcessEnv): void {
  const [variable] = overridesOf(env, 'lake');
  if (variable !== undefined) throw new InvalidConfig(`${variable} names a lake; a local stack has its own`);
}

/**
 * The worker's configuration on a local stack: its lake, the embedded endpoint, the sample's tokenizer and trainer, each
 * as `default`; endpoints, tokenizers and launchers of `extra` (a worker's YAML without `lake`) come on top. Throws InvalidConfig.
 */
export async function writeLocalConfig(
  stack: StackSettings,
  extra: { file: string; text: string } | undefined,
  env: NodeJS.ProcessEnv,
): Promise<WorkerSettings> {
  refuseLakeOverride(env);
  const config: WorkerConfig = {
    lake: {
      bucket: stack.s3.bucket,
      region: stack.s3.region,
      endpoint: stack.s3.endpoint,
      forcePathStyle: stack.s3.forcePathStyle,
      accessKeyIdEnv: ACCESS_KEY_ID,
      secretAccessKeyEnv: SECRET_ACCESS_KEY,
    },
    endpoints: { default: { url: stack.endpoint, concurrency: 16 } },
    tokenizers: { default: { file: sampleTokenizerPath(), eos: '<|end|>' } },
    launchers: {
      default: {
        kind: 'command',
        command: [
          process.execPath,
          ...nodeArgs(),
          sampleTrainerPath(),
          '--shards',
          '{input}',
          '--output',
          '{output}',
        ],
        directory: join(stack.state, 'jobs'),
      },
    },
  };
  const merged = extra === undefined ? config : mergeExtra(config, extra);
  const file = localConfigFile(stack.state);
  await writeFile(
    file,
    `# Written by \`instruct-lake up\` for the worker of this stack; it is written anew at each start.\n# Add to it with \`up --config FILE\`.\n${stringify(merged)}`,
  );
  return settingsOf(merged, { file: extra?.file ?? file, env: { ...env, ...localEnv(stack) } });
}

/** The names of a user's file beside ours; his win. */
function mergeExtra(config: WorkerConfig, { file, text }: { file: string; text: string }): WorkerConfig {
  const extra: unknown = parse(text);
  if (typeof extra !== 'object' || extra === null || Array.isArray(extra)) {
    throw new InvalidConfig(`${file} is not a map of endpoints, tokenizers and launchers`);
  }
  if ('lake' in extra) throw new InvalidConfig(`${file} names a lake; a local stack has its own`);
  const { endpoints, tokenizers, launchers, ...rest } = extra as Partial<WorkerConfig>;
  const from = dirname(file);
  return {
    ...config,
    ...rest,
    endpoints: { ...config.endpoints, ...endpoints },
    // Their paths start from the user's file, not from the one that is written.
    tokenizers: { ...config.tokenizers, ...absolute(tokenizers, 'file', from) },
    launchers: { ...config.launchers, ...absolute(launchers, 'directory', from) },
  };
}

function absolute<T extends object>(
  entries: Record<string, T> = {},
  key: keyof T,
  from: string,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => {
      const path = entry?.[key];
      return [name, typeof path === 'string' ? { ...entry, [key]: resolve(from, path) } : entry];
    }),
  );
}
