import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EndpointSettings, LauncherSettings } from '../../activities/settings.ts';
import { type Finding, findingLines, look } from '../../client/doctor/finding.ts';
import { originOf, whereOf } from '../../client/doctor/store.ts';
import { queueFindings } from '../../client/doctor/temporal.ts';
import { lookAtEndpoint, lookAtLauncher, lookAtTokenizer, lookAtWorker } from '../../client/doctor/worker.ts';
import { openEndpoint } from '../../client/endpoint/server.ts';
import { sampleTokenizerPath } from '../../client/sample/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a finding is a line, and how to mend it another', async () => {
  const failed = await look('S3', 'create it', async () => {
    throw new Error('no bucket');
  });
  expect(findingLines(failed)).toEqual(['✗ S3: no bucket', '    → create it']);
  expect(findingLines(await look('S3', 'create it', async () => 'there'))).toEqual(['✓ S3: there']);
});

test('a queue needs a worker that was seen within its last minute', () => {
  const now = 1_000_000;
  const seen = { identity: '1@host', at: now - 5_000 };
  const states = (findings: Finding[]) => findings.map(({ state }) => state);
  const all = { workflows: seen, io: seen, gpu: seen, cpu: seen, train: seen };
  expect(states(queueFindings(all, now))).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  const lost = queueFindings({ ...all, gpu: undefined, cpu: { ...seen, at: now - 76_000 } }, now);
  expect(states(lost)).toEqual(['ok', 'ok', 'wrong', 'wrong', 'ok']);
  expect(lost[2]).toMatchObject({
    what: 'Queue instruct-lake-gpu',
    mend: expect.stringContaining('--role gpu'),
  });
  expect(lost[3]?.detail).toContain('76 s ago');
});

test('addresses are shown without what may be secret in them', () => {
  expect(originOf('http://user:secret@host:8080/v1?key=secret')).toBe('http://host:8080');
  expect(originOf('nonsense')).not.toContain('nonsense');
  expect(whereOf({ region: 'eu-west-1' })).toBe('AWS, region eu-west-1');
});

const endpoint = (url: string, more: Partial<EndpointSettings> = {}): EndpointSettings => ({
  urls: [url],
  concurrency: 1,
  timeoutMs: 5_000,
  window: 4096,
  newTokens: 400,
  ...more,
});

test('an endpoint is asked for its models with its key, which is never shown', async () => {
  const server = await openEndpoint({ host: '127.0.0.1', port: 0, apiKey: 'very-secret' });
  try {
    const found = await lookAtEndpoint('default', endpoint(server.url, { apiKey: 'very-secret' }));
    expect(found).toMatchObject({ state: 'ok', detail: expect.stringContaining('instruct-lake-rules') });
    expect(JSON.stringify(found)).not.toContain('very-secret');
    const refused = await lookAtEndpoint('default', endpoint(server.url, { apiKey: 'other-secret' }));
    expect(refused).toMatchObject({ state: 'wrong', mend: expect.stringContaining('apiKeyEnv') });
    expect(JSON.stringify(refused)).not.toContain('other-secret');
    const other = await lookAtEndpoint(
      'default',
      endpoint(server.url, { apiKey: 'very-secret', model: 'no-such' }),
    );
    expect(other).toMatchObject({ state: 'wrong', mend: expect.stringContaining('"model"') });
  } finally {
    await server.close();
  }
  const gone = await lookAtEndpoint('default', endpoint(server.url));
  expect(gone).toMatchObject({ state: 'wrong', mend: expect.stringContaining('start the server') });
});

test('a server that is no inference endpoint is wrong', async () => {
  const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  expect((await lookAtEndpoint('x', endpoint(`http://127.0.0.1:${address.port}`))).state).toBe('wrong');
  await once(server.close(), 'close');
});

test('a tokenizer is loaded and its ends are looked up', async () => {
  const file = sampleTokenizerPath();
  const found = await lookAtTokenizer('default', { file, bos: 'none', eos: '<|end|>' });
  expect(found).toMatchObject({ state: 'ok', detail: expect.stringContaining('bos none, eos 1') });
  expect((await lookAtTokenizer('default', { file, bos: 'none', eos: '<|no|>' })).detail).toContain('<|no|>');
  expect((await lookAtTokenizer('default', { file: join(folder, 'no'), bos: 'none', eos: 0 })).state).toBe(
    'wrong',
  );
});

test('a launcher needs a program that runs and a folder that can be made', async () => {
  const launcher = (more: Partial<LauncherSettings>): LauncherSettings => ({
    kind: 'command',
    command: [process.execPath],
    directory: join(folder, 'not', 'yet'),
    env: {},
    ...more,
  });
  const state = async (more: Partial<LauncherSettings>, env: NodeJS.ProcessEnv = process.env) =>
    (await lookAtLauncher('default', launcher(more), env)).state;
  expect(await state({})).toBe('ok');
  expect(await state({ command: ['sh'] })).toBe('ok');
  expect(await state({ command: ['sh'] }, { PATH: folder })).toBe('wrong');
  expect(await state({ command: ['sh'], env: { PATH: folder } })).toBe('wrong');
  expect(await state({ command: [''] })).toBe('wrong');
  const script = join(folder, 'train.sh');
  writeFileSync(script, '#!/bin/sh\n');
  chmodSync(script, 0o644);
  expect(await state({ command: [script] })).toBe('wrong');
  chmodSync(script, 0o755);
  expect(await state({ command: [script] })).toBe('ok');
  expect(await state({ directory: join(script, 'jobs') })).toBe('wrong');
});

test("a worker's configuration is looked at piece by piece, and the variables it lacks are named", async () => {
  const file = join(folder, 'worker.yaml');
  writeFileSync(
    file,
    `lake: { bucket: lake, endpoint: "http://127.0.0.1:9", accessKeyIdEnv: KEY_ID, secretAccessKeyEnv: SECRET }
tokenizers: { default: { file: ${sampleTokenizerPath()}, eos: "<|end|>" } }
launchers: { local: { kind: command, command: [sh], directory: jobs } }
`,
  );
  async function states(env: NodeJS.ProcessEnv) {
    const findings: Finding[] = [];
    const lake = { bucket: 'lake', region: 'us-east-1', endpoint: 'http://127.0.0.1:9' };
    await lookAtWorker(file, env, lake, (finding) => findings.push(finding));
    return findings;
  }
  const well = await states({ PATH: process.env.PATH, KEY_ID: 'k', SECRET: 'very-secret' });
  expect(well.map(({ what, state }) => `${what}: ${state}`)).toEqual([
    'Worker configuration: ok',
    'Tokenizer default: ok',
    'Launcher local: ok',
  ]);
  expect(JSON.stringify(well)).not.toContain('very-secret');
  const lacking = await states({ KEY_ID: 'k' });
  expect(lacking).toHaveLength(1);
  expect(lacking[0]).toMatchObject({ state: 'wrong', detail: expect.stringContaining('SECRET') });
});
