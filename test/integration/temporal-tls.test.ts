import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIngest } from '../../client/start-ingest.ts';
import { openClient, resolveTarget } from '../../client/target.ts';
import { TemporalUnavailable } from '../../lake/errors.ts';
import { startWorker } from '../../worker/worker.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { openLab } from '../lab.ts';
import { openPipeline, type Pipeline, quietly } from '../pipeline.ts';
import { type Certificates, makeCertificates, openTlsProxy, type TlsProxy } from '../temporal-tls-proxy.ts';

const KEY = 'a-key-of-the-cloud';
const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-tls-'));
let certificates: Certificates;
let pipeline: Pipeline;
let proxy: TlsProxy;
let mutual: TlsProxy;

beforeAll(async () => {
  certificates = makeCertificates(folder);
  pipeline = await openPipeline(await openLab());
  proxy = await openTlsProxy(pipeline.lab.address, certificates);
  mutual = await openTlsProxy(pipeline.lab.address, certificates, { mutual: true });
});
afterAll(async () => {
  await pipeline?.close();
  await proxy?.close();
  await mutual?.close();
  rmSync(folder, { recursive: true });
});

/** What every variable set has: the authority that signed, and the name in the server's certificate. */
const trusting = (): NodeJS.ProcessEnv => ({
  TEMPORAL_NAMESPACE: pipeline.lab.namespace,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca,
  TEMPORAL_TLS_SERVER_NAME: 'temporal.test',
});

test('worker and client go over TLS with an API key, and every call brings it', async () => {
  quietly();
  const env = {
    ...trusting(),
    TEMPORAL_ADDRESS: proxy.address,
    TEMPORAL_API_KEY: KEY,
    TEMPORAL_GRPC_META_TEAM: 'lake',
  };
  const target = await resolveTarget({}, env);
  expect(target.said).not.toContain(KEY);
  const { client, close } = await openClient(target);
  const worker = await startWorker({
    connection: target.connection,
    namespace: target.namespace,
    settings: pipeline.settings,
    roles: ['workflows', 'io'],
    threads: 1,
    workflows: { workflowBundle: { code: pipeline.lab.bundle } },
  });
  try {
    // Refused by the first activity: that takes a workflow task and an activity task of this worker.
    const spec = {
      domain: 'tls',
      input: { prefix: 'raw/tls/', text: 'text' },
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'nowhere' },
      tokenizer: 'default',
      sequenceLength: 64,
      mix: { sources: [{ from: 'raw', weight: 1 }] },
    } as unknown as IngestSpec;
    const { workflowId } = await startIngest(client, spec, 'r1');
    const failure = await client.workflow
      .getHandle(workflowId)
      .result()
      .then(
        () => undefined,
        (error: Error) => error,
      );
    expect(String((failure?.cause as Error | undefined)?.cause ?? failure)).toContain('nowhere');
  } finally {
    await worker.close();
    await close();
  }
  const calls = new Set(proxy.seen.map(({ path }) => path.split('/').at(-1)));
  for (const call of [
    'StartWorkflowExecution',
    'PollWorkflowTaskQueue',
    'PollActivityTaskQueue',
    'RespondActivityTaskFailed',
  ])
    expect(calls).toContain(call);
  expect(
    proxy.seen.filter(({ headers }) => headers.authorization !== `Bearer ${KEY}` || headers.team !== 'lake'),
  ).toEqual([]);
});

test('a profile of the file leads there as well, with a certificate of the client as data', async () => {
  const file = join(folder, 'temporal.toml');
  const pem = (path: string): string => JSON.stringify(readFileSync(path, 'utf8'));
  writeFileSync(
    file,
    `[profile.default]\naddress = "127.0.0.1:1"\n[profile.prod]\naddress = "${mutual.address}"\n[profile.prod.tls]\n` +
      `client_cert_data = ${pem(certificates.client.cert)}\nclient_key_data = ${pem(certificates.client.key)}\n`,
  );
  const env = { ...trusting(), TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' };
  const { client, close } = await openClient(await resolveTarget({}, env));
  try {
    const { namespaceInfo } = await client.workflowService.describeNamespace({
      namespace: pipeline.lab.namespace,
    });
    expect(namespaceInfo?.name).toBe(pipeline.lab.namespace);
  } finally {
    await close();
  }
  expect(new Set(mutual.seen.map(({ client: subject }) => subject))).toEqual(new Set(['worker.test']));
});

test.each([
  ['without the authority that signed', () => ({ TEMPORAL_TLS: 'true' })],
  [
    'under another name',
    () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: certificates.ca, TEMPORAL_TLS_SERVER_NAME: 'other.test' }),
  ],
  ['without TLS', () => ({})],
])('a server is not talked to %s', async (_, more) => {
  const before = proxy.seen.length;
  const target = await resolveTarget(
    {},
    { TEMPORAL_ADDRESS: proxy.address, ...(more() as NodeJS.ProcessEnv) },
  );
  await expect(openClient(target)).rejects.toThrow(TemporalUnavailable);
  expect(proxy.seen.length).toBe(before);
});
