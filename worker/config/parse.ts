import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { InvalidConfig } from '../../lake/errors.ts';
import { suggest } from '../../lake/nearest.ts';
import { type Override, withOverrides } from './overrides.ts';
import { problemsOf } from './problems.ts';
import { Config, type FullConfig } from './schema.ts';

/** A configuration that is valid, and where it comes from. */
export interface ParsedConfig {
  file: string;
  /** What is said: by the file, and by the overrides over it. */
  said: unknown;
  overrides: Override[];
  /** With the overrides and all defaults. */
  config: FullConfig;
}

/** Reads a worker's YAML as it stands there. Throws InvalidConfig when it cannot be read, or is not YAML. */
export async function readYaml(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidConfig(`the worker's configuration ${file} cannot be read`, {}, { cause });
  });
  try {
    return parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfig(`the worker's configuration ${file} is not YAML: ${why}`, {}, { cause });
  }
}

/** Checks a configuration with the overrides of the environment; secrets are not looked up. Throws InvalidConfig that lists every problem at once. */
export function parseConfig(
  written: unknown,
  { file, env }: { file: string; env: NodeJS.ProcessEnv },
): ParsedConfig {
  const { value, overrides, problems } = withOverrides(written, env);
  const parsed = Config.safeParse(value, { reportInput: true });
  if (parsed.success) problems.push(...undefinedNames(parsed.data));
  else {
    problems.push(
      ...problemsOf(parsed.error).map(({ path, text }) => {
        const from = overrides.find((each) => each.path.every((key, i) => path[i] === key));
        return from === undefined ? text : `${text} (${from.variable})`;
      }),
    );
  }
  if (parsed.success && problems.length === 0) return { file, said: value, overrides, config: parsed.data };
  throw new InvalidConfig(
    `the worker's configuration ${file} is not valid:\n${problems.map((each) => `  - ${each}`).join('\n')}`,
  );
}

/** Names by which one part of a configuration calls another that is not there. */
function undefinedNames({ endpoints, tokenizers }: FullConfig): string[] {
  return Object.entries(endpoints).flatMap(([name, { tokenizer }]) =>
    tokenizer === undefined || Object.hasOwn(tokenizers, tokenizer)
      ? []
      : `endpoints.${name}.tokenizer: there is no tokenizer "${tokenizer}"${suggest(tokenizer, Object.keys(tokenizers))}`,
  );
}
