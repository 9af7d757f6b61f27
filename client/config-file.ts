import { existsSync } from 'node:fs';
import { BadUsage } from '../lake/errors.ts';
import { type ParsedConfig, parseConfig, readYaml } from '../worker/config/parse.ts';
import { localConfigFile, localEnv, refuseLakeOverride } from './local-config.ts';
import { DEFAULT_STATE, readStack } from './stack/state.ts';

/** Reads the worker's configuration that is meant: `config`, else that of the local stack; secrets are not looked up. Throws BadUsage, InvalidConfig. */
export async function parseConfigFile({
  config,
  state = DEFAULT_STATE,
}: {
  config?: string;
  state?: string;
}): Promise<{ parsed: ParsedConfig; env: NodeJS.ProcessEnv }> {
  if (config !== undefined) {
    return {
      parsed: parseConfig(await readYaml(config), { file: config, env: process.env }),
      env: process.env,
    };
  }
  const file = localConfigFile(state);
  if (!existsSync(file)) {
    throw new BadUsage(
      `name the worker's configuration with --config; there is no local stack with one (${file})`,
    );
  }
  refuseLakeOverride(process.env);
  const stack = await readStack(state);
  const env = stack === undefined ? process.env : { ...process.env, ...localEnv(stack) };
  return { parsed: parseConfig(await readYaml(file), { file, env }), env };
}
