import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Settings } from '../activities/settings.ts';
import { InvalidConfig } from '../lake/errors.ts';
import { suggest } from '../lake/nearest.ts';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable');

const lake = z.strictObject({
  bucket: z.string().min(3),
  region: z.string().default('us-east-1'),
  endpoint: z.url().exactOptional(),
  forcePathStyle: z.boolean().exactOptional(),
  /** Environment variables with the keys; without them the AWS default chain. */
  accessKeyIdEnv: variable.exactOptional(),
  secretAccessKeyEnv: variable.exactOptional(),
});
const header = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is not the name of a header');
const address = z.url({ protocol: /^https?$/ });
const price = z.number().min(0).default(0);
const endpoint = z.strictObject({
  /** One address, or one of each replica. */
  url: z.union([address, z.array(address).min(1).max(256)]),
  model: z.string().min(1).exactOptional(),
  apiKeyEnv: variable.exactOptional(),
  /** Further headers by name, each from an environment variable. */
  headersEnv: z.record(header, variable).exactOptional(),
  ca: z.string().min(1).exactOptional(),
  concurrency: z.int().min(1).max(10_000).default(256),
  timeoutSeconds: z.number().positive().default(300),
  window: z.int().min(64).default(4096),
  newTokens: z.int().min(1).default(400),
  structuredOutput: z.enum(['json_schema', 'json_object', 'none']).exactOptional(),
  tokenizer: name.exactOptional(),
  /** Money per million tokens. */
  prices: z
    .strictObject({
      currency: z.string().min(1).max(8).default('USD'),
      prompt: price,
      cached: price,
      completion: price,
    })
    .exactOptional(),
});
const token = z.union([z.string().min(1), z.int().min(0)]);
const tokenizer = z.strictObject({
  file: z.string().min(1),
  bos: token.default('none'),
  eos: token,
});
const launcher = z.strictObject({
  kind: z.literal('command'),
  command: z.array(z.string()).min(1),
  directory: z.string().min(1),
  env: z.record(variable, z.string()).default({}),
});
const Config = z.strictObject({
  lake,
  endpoints: z.record(name, endpoint).default({}),
  tokenizers: z.record(name, tokenizer).default({}),
  launchers: z.record(name, launcher).default({}),
});
/** The worker's configuration as it stands in its YAML. */
export type WorkerConfig = z.input<typeof Config>;

/** Reads a worker's YAML. Relative paths in it start from its folder; secrets come from the environment. Throws InvalidConfig. */
export async function readConfig(file: string, env: NodeJS.ProcessEnv): Promise<Settings> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InvalidConfig(`the worker's configuration ${file} cannot be read`, {}, { cause });
  });
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidConfig(`the worker's configuration ${file} is not YAML: ${why}`, {}, { cause });
  }
  return settingsOf(value, { file, env });
}

/** Checks a configuration and resolves paths and secrets. Throws InvalidConfig that lists every problem at once. */
export function settingsOf(
  value: unknown,
  { file, env }: { file: string; env: NodeJS.ProcessEnv },
): Settings {
  const parsed = Config.safeParse(value);
  if (!parsed.success) {
    throw new InvalidConfig(
      `the worker's configuration ${file} is not valid:\n${parsed.error.issues
        .flatMap(describe)
        .map((problem) => `  - ${problem}`)
        .join('\n')}`,
    );
  }
  const config = parsed.data;
  const folder = dirname(file);
  function secret(variableName: string | undefined, what: string): string | undefined {
    if (variableName === undefined) return undefined;
    const found = env[variableName];
    if (found === undefined || found === '') {
      throw new InvalidConfig(
        `${what} is in the environment variable ${variableName}, which is not set (${file})`,
      );
    }
    return found;
  }
  const { accessKeyIdEnv, secretAccessKeyEnv, ...rest } = config.lake;
  const accessKeyId = secret(accessKeyIdEnv, "the lake's access key id");
  const secretAccessKey = secret(secretAccessKeyEnv, "the lake's secret access key");
  return {
    lake: {
      ...rest,
      ...(accessKeyId === undefined ? {} : { accessKeyId }),
      ...(secretAccessKey === undefined ? {} : { secretAccessKey }),
    },
    endpoints: mapValues(
      config.endpoints,
      ({ apiKeyEnv, headersEnv, timeoutSeconds, url, ca, ...each }, key) => {
        const apiKey = secret(apiKeyEnv, `the key of endpoint ${key}`);
        const headers = mapValues(
          headersEnv ?? {},
          (from, header) => secret(from, `the header ${header} of endpoint ${key}`) ?? '',
        );
        return {
          ...each,
          urls: typeof url === 'string' ? [url] : url,
          timeoutMs: timeoutSeconds * 1000,
          ...(apiKey === undefined ? {} : { apiKey }),
          ...(headersEnv === undefined ? {} : { headers }),
          ...(ca === undefined ? {} : { ca: resolve(folder, ca) }),
        };
      },
    ),
    tokenizers: mapValues(config.tokenizers, (each) => ({ ...each, file: resolve(folder, each.file) })),
    launchers: mapValues(config.launchers, (each) => ({
      ...each,
      directory: resolve(folder, each.directory),
    })),
  };
}

function mapValues<A, B>(record: Record<string, A>, map: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}

const SHAPES: Record<string, object> = {
  lake: lake.shape,
  endpoints: endpoint.shape,
  tokenizers: tokenizer.shape,
  launchers: launcher.shape,
};

function describe(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [`${path === '' ? 'the file' : path}: ${issue.message}`];
  const known = Object.keys(SHAPES[String(issue.path[0] ?? '')] ?? Config.shape);
  return issue.keys.map(
    (key) => `${[path, key].filter((each) => each !== '').join('.')}: unknown key${suggest(key, known)}`,
  );
}
