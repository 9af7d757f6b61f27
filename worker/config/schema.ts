import { z } from 'zod';
import { QUEUES, type Role } from '../../workflows/contract.ts';

/** Threads for CPU stages, unless flags or the configuration say otherwise. */
export const THREADS = 2;
export const ROLES = Object.keys(QUEUES) as [Role, ...Role[]];

/**
 * Each key with its sentence, its default where it has one, and a value to show where it has none: the documentation, the JSON
 * Schema, the overrides of the environment and `config print` are made from these.
 */
const said = <S extends z.ZodType>(schema: S, description: string, example?: unknown): S =>
  schema.meta({ description, ...(example === undefined ? {} : { examples: [example] }) });

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'is not a name ([A-Za-z0-9._-], 64 at most)');
const variable = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is not the name of an environment variable');
const header = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, 'is not the name of a header');
/** An address that holds no secret: people see it in logs and in `config print`. */
const address = z.url({ protocol: /^https?$/, error: 'is not an address (http or https)' }).refine((text) => {
  const { username, password, search } = new URL(text);
  return username === '' && password === '' && search === '';
}, 'has a user name, a password or a query in it; secrets are named by variables of the environment, never written here');
const price = z.number().min(0).default(0);
const token = z.union([z.string().min(1), z.int().min(0)], { error: 'is neither a token nor an id' });

const lake = z.strictObject({
  bucket: said(z.string().min(3), 'Bucket with the raw text; all that runs make goes there too.', 'lake'),
  region: said(z.string().default('us-east-1'), 'Region of the bucket.'),
  endpoint: said(address.exactOptional(), 'Address of a store other than AWS.', 'https://s3.example'),
  forcePathStyle: said(
    z.boolean().exactOptional(),
    'Puts the bucket into the path of addresses, not into their host: what most stores other than AWS want.',
    true,
  ),
  accessKeyIdEnv: said(
    variable.exactOptional(),
    'Variable of the environment with the access key id; without it the AWS default chain is asked.',
    'LAKE_KEY_ID',
  ),
  secretAccessKeyEnv: said(
    variable.exactOptional(),
    'Variable of the environment with the secret access key.',
    'LAKE_SECRET',
  ),
});

const prices = z.strictObject({
  currency: said(z.string().min(1).max(8).default('USD'), 'Currency of the prices.'),
  prompt: said(price, 'A million tokens of prompts.'),
  cached: said(price, 'A million tokens of prompts that the server had in its prefix cache.'),
  completion: said(price, 'A million tokens of answers.'),
});
const endpoint = z.strictObject({
  url: said(
    z.union([address, z.array(address).min(1).max(256)], {
      error: 'is neither an address (http or https) nor a list of them',
    }),
    'Address without /v1, or a list: one of each replica.',
    'http://vllm:8000',
  ),
  model: said(
    z.string().min(1).exactOptional(),
    'Id of the model; without it the one model that is served.',
    'instruction-pretrain/instruction-synthesizer',
  ),
  apiKeyEnv: said(variable.exactOptional(), 'Variable of the environment with the key.', 'VLLM_KEY'),
  headersEnv: said(
    z.record(header, variable).exactOptional(),
    'Further headers of each request, by name: the variable of the environment that holds it.',
    { 'X-Team': 'TEAM_TOKEN' },
  ),
  ca: said(
    z.string().min(1).exactOptional(),
    'File with authorities that are trusted besides the usual ones; certificates are always verified.',
    'gpu-ca.pem',
  ),
  concurrency: said(
    z.int().min(1).max(10_000).default(256),
    'Requests in flight from one worker at most, over all replicas; how many there are is found out.',
  ),
  timeoutSeconds: said(
    z.number().positive().default(300),
    'For one request, from its sending; waiting for a turn does not count.',
  ),
  window: said(z.int().min(64).default(4096), "Tokens of the model's window, prompt and answer together."),
  newTokens: said(z.int().min(1).default(400), 'Tokens of an answer at most.'),
  structuredOutput: said(
    z.enum(['json_schema', 'json_object', 'none']).exactOptional(),
    'How a chat server is held to the form of its answers: json_schema (also where nothing is said), json_object or none.',
    'json_schema',
  ),
  tokenizer: said(
    name.exactOptional(),
    "The model's own, among the tokenizers below: prompts go out as token ids; without it as text.",
    'default',
  ),
  prices: said(prices.exactOptional(), 'Money per million tokens, for the ledger; without it there is none.'),
});
const tokenizer = z.strictObject({
  file: said(z.string().min(1), "A tokenizer.json of Hugging Face's format.", 'tokenizer.json'),
  bos: said(token.default('none'), 'Token (or its id) that begins a document, or none.'),
  eos: said(token, 'Token (or its id) that ends a document.', '</s>'),
});
const launcher = z.strictObject({
  kind: said(
    z.literal('command'),
    'How jobs are started: by a command on the machine of the worker.',
    'command',
  ),
  command: said(
    z.array(z.string()).min(1),
    'Program and arguments; {input} and {output} stand for the paths of the job.',
    ['python', 'train.py', '--shards', '{input}', '--output', '{output}'],
  ),
  directory: said(z.string().min(1), 'Folder of the jobs.', 'jobs'),
  env: said(
    z.record(variable, z.string()).default({}),
    "What the job's environment has besides PATH and its like; the worker's own is not passed on.",
  ),
});

export const Config = z.strictObject({
  lake: said(lake, 'The store of objects (S3).'),
  endpoints: said(
    z.record(name, endpoint).default({}),
    'Inference servers, by the names that specs call them (/v1/completions or /v1/chat/completions).',
  ),
  tokenizers: said(z.record(name, tokenizer).default({}), 'Tokenizers, by the names that specs call them.'),
  launchers: said(
    z.record(name, launcher).default({}),
    'How training jobs are started, by the names that specs call them.',
  ),
  roles: said(
    z
      .array(z.enum(ROLES))
      .min(1)
      .refine((roles) => new Set(roles).size === roles.length, 'names a role twice')
      .default(ROLES),
    'The kinds of work that the worker takes; --role goes before.',
  ),
  metrics: said(
    z
      .strictObject({
        address: said(
          z
            .string()
            .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'is not an address such as 0.0.0.0:9464'),
          'Where /metrics answers, in the form of Prometheus.',
          '0.0.0.0:9464',
        ),
      })
      .exactOptional(),
    'Measures of worker and pipeline; without it there are none.',
  ),
  logLevel: said(
    z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('warn'),
    'Lines of the log below this level are left out; the log is a JSON object per line.',
  ),
  threads: said(z.int().min(1).default(THREADS), 'Threads for work of the role cpu; --threads goes before.'),
});
/** The worker's configuration as it stands in its YAML. */
export type WorkerConfig = z.input<typeof Config>;
/** The same with all defaults. */
export type FullConfig = z.output<typeof Config>;

/** The JSON Schema (2020-12) of the worker's configuration, as `config schema` prints it. */
export function configSchema(): object {
  return { title: "instruct-lake worker's configuration", ...z.toJSONSchema(Config, { io: 'input' }) };
}
