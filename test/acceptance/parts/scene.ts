import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { cancelAll } from '../../../activities/train/command-cancel.ts';
import { samplePassages, sampleTokenizerPath } from '../../../client/sample/index.ts';
import { openStack } from '../../../client/stack/stack.ts';
import { startIngest } from '../../../client/start-ingest.ts';
import { openS3 } from '../../../lake/s3.ts';
import type { ObjectStore } from '../../../lake/store.ts';
import type { IngestSpec } from '../../../workflows/contract.ts';
import {
  type CountingEndpoint,
  type CountingOptions,
  openCountingEndpoint,
} from '../../counting-endpoint.ts';
import { kill9, spawnWorker } from '../../faults/kill.ts';
import { type Gate, openGate } from '../../gate.ts';
import { putTexts } from '../../pipeline.ts';
import { CLI, DATA, scratch } from '../lib.ts';
import { type TemporalCli, temporalCli } from './temporal.ts';

/** Servers of a script's own, and what its workers (the built command, each in a process) reach them through. */
export interface Scene {
  folder: string;
  client: Client;
  temporal: TemporalCli;
  /** Straight at the store; the workers come through the gate. */
  store: ObjectStore;
  gate: Gate;
  endpoint: CountingEndpoint;
  /** For a worker that a script starts in another way: its configuration, and what its environment needs for it. */
  worker: { config: string; env: Record<string, string> };
  /** Starts a worker of all roles, or of those named; it is killed with the scene if it lives then. */
  startWorker: (...roles: string[]) => Promise<ChildProcess>;
  /** Starts a run, or starts it again; its workflow id. */
  start: (spec: IngestSpec, run: string) => Promise<string>;
  close: () => Promise<void>;
}
export interface SceneOptions {
  /** Milliseconds that the endpoint holds each answer back. */
  delayMs?: number;
  concurrency?: number;
  /** Further endpoints by their name, besides the scene's own (`default`), as a worker's configuration has them. */
  endpoints?: Record<string, object>;
  /** How the endpoint spells out prompts that come as token ids. */
  spell?: CountingOptions['spell'];
  /** A tokenizer of the endpoint's model: then there is an endpoint `ids` too, the same one, which is sent token ids. */
  tokenizer?: string;
  /** Trainers by the name of their launcher. */
  trainers?: Record<string, { command: string[]; env?: Record<string, string> }>;
}

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

export async function openScene(name: string, options: SceneOptions = {}): Promise<Scene> {
  const folder = scratch(name);
  const stack = await openStack({ state: folder, report: console.log, ports: 'random', database: 'memory' });
  const { temporal: address, namespace, s3 } = stack.settings;
  const gate = await openGate(s3.endpoint);
  const { delayMs = 0, concurrency = 8, spell, tokenizer } = options;
  const endpoint = await openCountingEndpoint({ delayMs, ...(spell === undefined ? {} : { spell }) });
  const ours = { url: endpoint.url, concurrency };
  const store = openS3(s3);
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const { accessKeyId, secretAccessKey, ...lake } = s3;
  const config = join(folder, 'worker-of-the-script.yaml');
  writeFileSync(
    config,
    stringify({
      lake: { ...lake, endpoint: gate.url, accessKeyIdEnv: 'SCENE_ID', secretAccessKeyEnv: 'SCENE_SECRET' },
      endpoints: {
        default: ours,
        ...options.endpoints,
        ...(tokenizer === undefined ? {} : { ids: { ...ours, tokenizer: 'synthesizer' } }),
      },
      tokenizers: {
        default: { file: sampleTokenizerPath(), eos: '<|end|>' },
        ...(tokenizer === undefined ? {} : { synthesizer: { file: tokenizer, eos: '</s>' } }),
      },
      launchers: Object.fromEntries(
        Object.entries(options.trainers ?? {}).map(([launcher, trainer]) => [
          launcher,
          { kind: 'command', directory: join(folder, 'jobs', launcher), ...trainer },
        ]),
      ),
    }),
  );
  const keys = { SCENE_ID: accessKeyId, SCENE_SECRET: secretAccessKey };
  const env = { ...process.env, ...keys };
  const workers: ChildProcess[] = [];
  return {
    folder,
    client,
    temporal: await temporalCli(address, { cwd: folder, env }),
    store,
    gate,
    endpoint,
    worker: { config, env: { ...keys, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } },
    async startWorker(...roles) {
      const args = ['worker', '--config', config, '--address', address, '--namespace', namespace];
      for (const role of roles) args.push('--role', role);
      const worker = await spawnWorker(process.execPath, [CLI, ...args], env, /A worker runs on/);
      workers.push(worker);
      return worker;
    },
    start: async (spec, run) => (await startIngest(client, spec, run)).workflowId,
    async close() {
      for (const worker of workers) await kill9(worker);
      for (const launcher of Object.keys(options.trainers ?? {})) {
        await cancelAll(join(folder, 'jobs', launcher), 200);
      }
      await connection.close();
      store.close();
      await endpoint.close();
      await gate.close();
      await stack.close();
    },
  };
}

/** Puts the real corpus under a prefix, or where there is none the sample's sentences in many arrangements; the texts. */
export async function putSomeCorpus(store: ObjectStore, prefix: string): Promise<void> {
  if (DATA !== undefined) {
    const folder = join(DATA, 'corpus');
    for (const file of readdirSync(folder))
      await store.put(`${prefix}${file}`, readFileSync(join(folder, file)));
    return;
  }
  const sentences = samplePassages().flatMap(({ text }) => text.split(/(?<=[.?!])\s+/));
  for (const stride of [1, 3, 7, 11]) {
    const texts = sentences.map((_, i) =>
      Array.from({ length: 12 }, (_, k) => sentences[(i + k * stride) % sentences.length]).join(' '),
    );
    await putTexts(store, `${prefix}${stride}.parquet`, texts);
  }
}
