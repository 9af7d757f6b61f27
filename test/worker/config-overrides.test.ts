import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidConfig } from '../../lake/errors.ts';
import { variableOf } from '../../worker/config/overrides.ts';
import { parseConfig } from '../../worker/config/parse.ts';
import { render } from '../../worker/config/render.ts';
import { configSchema } from '../../worker/config/schema.ts';
import { valuesOf } from '../../worker/config/values.ts';
import { settingsOf } from '../../worker/config.ts';

const file = '/etc/instruct-lake/worker.yaml';
const config = {
  lake: { bucket: 'lake' },
  endpoints: { default: { url: 'http://vllm:8000' }, 'gpu-a': { url: 'http://a:8000', window: 8192 } },
};
const withEnv = (env: Record<string, string>, value: unknown = config) => settingsOf(value, { file, env });

test('a variable goes before the file, read by what its key is', () => {
  const settings = withEnv({
    INSTRUCT_LAKE__LAKE__BUCKET: '12345',
    INSTRUCT_LAKE__LAKE__FORCE_PATH_STYLE: 'true',
    INSTRUCT_LAKE__THREADS: '16',
    INSTRUCT_LAKE__ROLES: '[gpu, io]',
    INSTRUCT_LAKE__ENDPOINTS__GPU_A__WINDOW: '2048',
    INSTRUCT_LAKE__ENDPOINTS__DEFAULT__URL: '[http://b, http://c]',
    INSTRUCT_LAKE__ENDPOINTS__DEFAULT__API_KEY_ENV: 'KEY',
    INSTRUCT_LAKE__ENDPOINTS__DEFAULT__HEADERS_ENV: '{ X-Team: KEY }',
    INSTRUCT_LAKE__ENDPOINTS__DEFAULT__PRICES__PROMPT: '0.5',
    KEY: 'k',
    INSTRUCT_LAKE_BUCKET: 'another thing',
  });
  expect(settings.lake).toEqual({ bucket: '12345', region: 'us-east-1', forcePathStyle: true });
  expect(settings.threads).toBe(16);
  expect(settings.roles).toEqual(['gpu', 'io']);
  expect(settings.endpoints['gpu-a']).toMatchObject({ window: 2048, urls: ['http://a:8000'] });
  expect(settings.endpoints.default).toMatchObject({
    urls: ['http://b', 'http://c'],
    apiKey: 'k',
    headers: { 'X-Team': 'k' },
    prices: { currency: 'USD', prompt: 0.5 },
  });
});
test('a name that is not there is a new one, and a map replaces that of the file before what is in it is looked at', () => {
  const settings = withEnv({
    INSTRUCT_LAKE__TOKENIZERS__LLAMA_3__FILE: 't.json',
    INSTRUCT_LAKE__TOKENIZERS__LLAMA_3__EOS: '2',
    INSTRUCT_LAKE__ENDPOINTS: '{ other: { url: "http://x" } }',
    INSTRUCT_LAKE__ENDPOINTS__OTHER__WINDOW: '1024',
  });
  expect(settings.tokenizers).toEqual({
    llama_3: { file: '/etc/instruct-lake/t.json', bos: 'none', eos: 2 },
  });
  expect(Object.keys(settings.endpoints)).toEqual(['other']);
  expect(settings.endpoints.other?.window).toBe(1024);
});
test('what is said in a file can be all of it said in the environment', () => {
  const env = {
    INSTRUCT_LAKE__LAKE__BUCKET: 'lake',
    INSTRUCT_LAKE__ENDPOINTS__DEFAULT__URL: 'http://vllm:8000',
  };
  const { endpoints: _, ...rest } = config;
  expect(withEnv(env, null)).toEqual(
    withEnv({}, { ...rest, endpoints: { default: config.endpoints.default } }),
  );
});
test.each([
  ['INSTRUCT_LAKE__THREDS', '3', 'the nearest is INSTRUCT_LAKE__THREADS'],
  [
    'INSTRUCT_LAKE__ENDPOINTS__GPU_A__PRICES__CASHED',
    '3',
    'the nearest is INSTRUCT_LAKE__ENDPOINTS__GPU_A__PRICES__CACHED',
  ],
  ['INSTRUCT_LAKE__ENDPOINTS__GPU_A__API_KEY', 'k3y-in-clear', '__API_KEY_ENV'],
  ['INSTRUCT_LAKE__ENDPOINTS__GPU_A__HEADERS_ENV__X_TEAM', 'V', '__HEADERS_ENV)'],
  [
    'INSTRUCT_LAKE__ENDPOINTS__GPU_A__WINDOW',
    'wide',
    'text, a number expected (INSTRUCT_LAKE__ENDPOINTS__GPU_A__WINDOW)',
  ],
  ['INSTRUCT_LAKE__ROLES', '[gpu', 'INSTRUCT_LAKE__ROLES: is not YAML'],
  ['INSTRUCT_LAKE____PROTO____X', '1', 'is no key'],
])('%s=%s is refused: %s', (variable, text, says) => {
  const call = () => withEnv({ [variable]: text });
  expect(call).toThrow(InvalidConfig);
  expect(call).toThrow(variable);
  expect(call).toThrow(says);
  expect(call).not.toThrow(/k3y-in-clear/);
});
test('a variable that may mean two names is refused, an empty one counts as none', () => {
  const endpoints = { 'gpu-a': { url: 'http://a' }, gpu_a: { url: 'http://b' } };
  expect(() => withEnv({ INSTRUCT_LAKE__ENDPOINTS__GPU_A__WINDOW: '99' }, { ...config, endpoints })).toThrow(
    'may mean gpu-a or gpu_a',
  );
  expect(withEnv({ INSTRUCT_LAKE__THREADS: '' }).threads).toBe(2);
});
test('any name of an endpoint is found by the variable of its key', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
  fc.assert(
    fc.property(name, (each) => {
      const endpoints = { [each]: { url: 'http://a' } };
      const env = { [variableOf(['endpoints', each, 'window'])]: '4097' };
      expect(withEnv(env, { ...config, endpoints }).endpoints[each]?.window).toBe(4097);
    }),
  );
});

const full = {
  lake: { bucket: 'lake', accessKeyIdEnv: 'ID' },
  endpoints: {
    default: {
      url: 'http://vllm:8000',
      apiKeyEnv: 'KEY',
      headersEnv: { 'X-A': 'A', 'X-B': 'B' },
      prices: { prompt: 1 },
    },
  },
  launchers: {
    default: { kind: 'command', command: ['python'], directory: 'jobs', env: { WANDB_API_KEY: 'w-secret' } },
  },
};
const secrets = { ID: 'id-secret', KEY: 'k-secret', A: 'a-secret' };

test('each value that is in effect says where it comes from, and no secret is printed', () => {
  const env = { ...secrets, INSTRUCT_LAKE__ENDPOINTS__DEFAULT__PRICES__CACHED: '0.5' };
  const values = valuesOf(parseConfig(full, { file, env }), env);
  expect(render(values)).toBe(`lake:
  bucket: lake                                # file
  region: us-east-1                           # default
  accessKeyIdEnv: ID                          # file; ID is set
endpoints:
  default:
    url: http://vllm:8000                     # file
    apiKeyEnv: KEY                            # file; KEY is set
    headersEnv: { X-A: A, X-B: B }            # file; A is set; B is not set
    concurrency: 256                          # default
    timeoutSeconds: 300                       # default
    window: 4096                              # default
    newTokens: 400                            # default
    prices:
      currency: USD                           # default
      prompt: 1                               # file
      cached: 0.5                             # INSTRUCT_LAKE__ENDPOINTS__DEFAULT__PRICES__CACHED
      completion: 0                           # default
tokenizers: {}                                # default
launchers:
  default:
    kind: command                             # file
    command: [ python ]                       # file
    directory: jobs                           # file
    env: { WANDB_API_KEY: "***" }             # file
roles: [ workflows, io, gpu, cpu, train ]     # default
logLevel: warn                                # default
threads: 2                                    # default`);
  expect(JSON.stringify(values)).not.toMatch(/-secret/);
});
test('a secret cannot hide in an address', () => {
  for (const url of ['http://user:pass@a', 'http://a/?key=s3cret', ['http://b', 'http://user@a']]) {
    const call = () => withEnv({}, { ...config, endpoints: { default: { url } } });
    expect(call).toThrow(/endpoints\.default\.url.*a user name, a password or a query/);
    expect(call).not.toThrow(/s3cret|pass@/);
  }
});
test('a tokenizer that an endpoint names must be there', () => {
  const endpoints = { default: { url: 'http://a', tokenizer: 'lama' } };
  expect(() => withEnv({}, { ...config, endpoints })).toThrow(/endpoints.default.tokenizer.*none is defined/);
  const tokenizers = { llama: { file: 't.json', eos: '</s>' } };
  expect(() => withEnv({}, { ...config, endpoints, tokenizers })).toThrow('did you mean "llama"?');
});
test.each([
  [
    { endpoints: { a: { url: 'http://a', prices: { cashed: 1 } } } },
    'endpoints.a.prices.cashed: unknown key (did you mean "cached"?)',
  ],
  [
    { launchers: { a: { kind: 'command', command: ['x'], directory: 'j', evn: {} } } },
    'launchers.a.evn: unknown key (did you mean "env"?)',
  ],
  [
    { endpoints: { a: { url: 'http://a', headersEnv: { 'X-A': 'no variable' } } } },
    'endpoints.a.headersEnv.X-A: is not the name of an environment variable',
  ],
  [{ endpoints: { 'a b': { url: 'http://a' } } }, 'endpoints.a b: is not a name'],
  [{ endpoints: { a: {} } }, 'endpoints.a.url: is missing'],
  [{ roles: ['cpu', 'gup'] }, 'roles[1]: must be "workflows" or "io" or "gpu" or "cpu" or "train"'],
  [{ roles: ['cpu', 'cpu'] }, 'roles: names a role twice'],
  [{ threads: '2' }, 'threads: is text, a number expected'],
])('%j: %s', (wrong, says) => {
  expect(() => withEnv({}, { ...config, ...wrong })).toThrow(says);
});
test('the JSON Schema tells editors the sentence and the default of each key', () => {
  expect(configSchema()).toMatchObject({
    required: ['lake'],
    additionalProperties: false,
    properties: {
      threads: { type: 'integer', default: 2, description: expect.stringContaining('Threads') },
      lake: { required: ['bucket'], properties: { region: { default: 'us-east-1' } } },
    },
  });
});
