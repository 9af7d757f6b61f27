import { expect, test } from 'vitest';
import { InvalidConfig } from '../../lake/errors.ts';
import { settingsOf } from '../../worker/config.ts';

const at = { file: '/etc/instruct-lake/worker.yaml', env: { KEY: 'k', SECRET: 's', GPU: 'g' } };
const config = {
  lake: { bucket: 'lake', accessKeyIdEnv: 'KEY', secretAccessKeyEnv: 'SECRET' },
  endpoints: { default: { url: 'http://vllm:8000', apiKeyEnv: 'GPU' } },
  tokenizers: { default: { file: 'tok.json', eos: '</s>' } },
  launchers: { default: { kind: 'command', command: ['python', 'train.py'], directory: 'jobs' } },
};

test('names become settings: defaults filled in, paths from the file’s folder, secrets from the environment', () => {
  expect(settingsOf(config, at)).toEqual({
    lake: { bucket: 'lake', region: 'us-east-1', accessKeyId: 'k', secretAccessKey: 's' },
    endpoints: {
      default: {
        urls: ['http://vllm:8000'],
        concurrency: 256,
        timeoutMs: 300_000,
        window: 4096,
        newTokens: 400,
        apiKey: 'g',
      },
    },
    tokenizers: { default: { file: '/etc/instruct-lake/tok.json', bos: 'none', eos: '</s>' } },
    launchers: {
      default: {
        kind: 'command',
        command: ['python', 'train.py'],
        directory: '/etc/instruct-lake/jobs',
        env: {},
      },
    },
    roles: ['workflows', 'io', 'gpu', 'cpu', 'train'],
    logLevel: 'warn',
    threads: 2,
  });
});
test('every problem is listed at once, unknown keys with the nearest name', () => {
  const wrong = {
    lake: { bucket: 'lake', regoin: 'x' },
    endpoints: { default: { url: 'ftp://x', concurency: 3 } },
    tokenizers: { default: { file: 'tok.json' } },
    launcher: {},
  };
  const call = () => settingsOf(wrong, at);
  expect(call).toThrow(InvalidConfig);
  for (const part of [
    'lake.regoin: unknown key (did you mean "region"?)',
    'endpoints.default.concurency: unknown key (did you mean "concurrency"?)',
    'endpoints.default.url',
    'tokenizers.default.eos',
    'launcher: unknown key (did you mean "launchers"?)',
  ]) {
    expect(call).toThrow(part);
  }
});
test('a secret that is not set is named by its variable, and no secret may stand in the file', () => {
  expect(() => settingsOf(config, { ...at, env: { KEY: 'k', SECRET: 's' } })).toThrow(
    /key of endpoint default is in the environment variable GPU, which is not set/,
  );
  const inline = { ...config, endpoints: { default: { url: 'http://x', apiKey: 'secret' } } };
  expect(() => settingsOf(inline, at)).toThrow(/apiKey: unknown key/);
});
test('an endpoint says how a chat model is held to the form of its answers', () => {
  const endpoint = (structuredOutput: string) => ({
    ...config,
    endpoints: { default: { url: 'http://vllm:8000', structuredOutput } },
  });
  expect(settingsOf(endpoint('none'), at).endpoints.default?.structuredOutput).toBe('none');
  expect(() => settingsOf(endpoint('xml'), at)).toThrow('endpoints.default.structuredOutput');
});
test('headers come from the environment, and the file of an authority from the configuration’s folder', () => {
  const endpoints = {
    default: { url: ['https://a', 'https://b'], headersEnv: { 'X-Team': 'KEY' }, ca: 'ca.pem' },
  };
  expect(settingsOf({ ...config, endpoints }, at).endpoints.default).toMatchObject({
    urls: ['https://a', 'https://b'],
    headers: { 'X-Team': 'k' },
    ca: '/etc/instruct-lake/ca.pem',
  });
  const unset = { default: { url: 'https://a', headersEnv: { 'X-Team': 'NOT_SET' } } };
  expect(() => settingsOf({ ...config, endpoints: unset }, at)).toThrow(
    /header X-Team of endpoint default is in the environment variable NOT_SET, which is not set/,
  );
  const wrong = { default: { url: 'https://a', headersEnv: { 'X Team': 'KEY' } } };
  expect(() => settingsOf({ ...config, endpoints: wrong }, at)).toThrow(/headersEnv.X Team/);
});
