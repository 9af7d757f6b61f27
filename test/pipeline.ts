import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import type { Publication } from '../activities/publish/publication.ts';
import { SEGMENT_RUNS, type Segment } from '../activities/segment/segment.ts';
import type { Settings } from '../activities/settings.ts';
import { cancelAll } from '../activities/train/command-cancel.ts';
import type { Stage } from '../activities/versions.ts';
import { sampleTokenizerPath, sampleTrainerPath } from '../client/sample/index.ts';
import { startIngest } from '../client/start-ingest.ts';
import { readChecked, readJson, type StageCommit } from '../lake/commit.ts';
import { sha256 } from '../lake/hash.ts';
import { runFolder } from '../lake/layout.ts';
import { publishedRun, readHead } from '../lake/log.ts';
import { nodeArgs } from '../lake/node-args.ts';
import { parquetBytes, type WriteOptions } from '../lake/parquet/write.ts';
import { openS3 } from '../lake/s3.ts';
import type { ObjectStore } from '../lake/store.ts';
import { loudRuntime } from '../worker/runtime.ts';
import { type RunningWorker, startWorker } from '../worker/worker.ts';
import {
  type IngestResult,
  type IngestSpec,
  QUEUES,
  type Role,
  type RunRef,
  type SynthesizeSpec,
} from '../workflows/contract.ts';
import type { ingestDomain } from '../workflows/index.ts';
import { type CountingEndpoint, openCountingEndpoint } from './counting-endpoint.ts';
import type { Lab } from './lab.ts';

export interface PipelineOptions {
  /** Milliseconds that every answer of the endpoint is held back. */
  delayMs?: number;
  /** Requests in flight at once. */
  concurrency?: number;
  /** Trainers by the name of their launcher, besides the sample's, `default`. */
  trainers?: Record<string, string[]>;
}

/** Everything a run needs, on the servers of a lab: lake, endpoint, settings; workers are started by each test. */
export interface Pipeline {
  lab: Lab;
  store: ObjectStore;
  endpoint: CountingEndpoint;
  settings: Settings;
  /** Folder with the jobs of each launcher in a folder of its name. */
  jobs: string;
  /** A worker in this process, of all roles where none are named; it is closed with the pipeline if it was not before. */
  work: (settings?: Settings, roles?: readonly Role[]) => Promise<RunningWorker>;
  start: (spec: unknown, run: string) => Promise<WorkflowHandleWithFirstExecutionRunId<typeof ingestDomain>>;
  runIngest: (spec: unknown, run: string) => Promise<IngestResult>;
  close: () => Promise<void>;
}

/** Opens a pipeline on a lab, which is closed with it. */
export async function openPipeline(lab: Lab, options: PipelineOptions = {}): Promise<Pipeline> {
  const jobs = mkdtempSync(join(tmpdir(), 'instruct-lake-jobs-'));
  const endpoint = await openCountingEndpoint({ delayMs: options.delayMs ?? 0 });
  const store = openS3(lab.s3);
  const trainers = { default: sampleTrainer(), ...options.trainers };
  const settings: Settings = {
    lake: lab.s3,
    endpoints: {
      default: {
        urls: [endpoint.url],
        concurrency: options.concurrency ?? 16,
        timeoutMs: 60_000,
        window: 4096,
        newTokens: 400,
      },
    },
    tokenizers: { default: { file: sampleTokenizerPath(), bos: 'none', eos: '<|end|>' } },
    launchers: Object.fromEntries(
      Object.entries(trainers).map(([name, command]) => [
        name,
        { kind: 'command' as const, command, directory: join(jobs, name), env: {} },
      ]),
    ),
  };
  const workers: RunningWorker[] = [];

  async function start(
    spec: unknown,
    run: string,
  ): Promise<WorkflowHandleWithFirstExecutionRunId<typeof ingestDomain>> {
    const { workflowId } = await startIngest(lab.client, spec as IngestSpec, run);
    return lab.client.workflow.getHandle<typeof ingestDomain>(
      workflowId,
    ) as WorkflowHandleWithFirstExecutionRunId<typeof ingestDomain>;
  }
  return {
    lab,
    store,
    endpoint,
    settings,
    jobs,
    async work(other = settings, roles = Object.keys(QUEUES) as Role[]) {
      quietly();
      const worker = await startWorker({
        connection: { address: lab.address },
        namespace: lab.namespace,
        settings: other,
        roles,
        // Test files run side by side already, and a thread loads everything again.
        threads: 1,
        workflows: { workflowBundle: { code: lab.bundle } },
      });
      workers.push(worker);
      return worker;
    },
    start,
    runIngest: async (spec, run) => (await start(spec, run)).result(),
    async close() {
      await Promise.all(Object.keys(trainers).map((name) => cancelAll(join(jobs, name), 200)));
      await Promise.all(workers.map((worker) => worker.close()));
      await endpoint.close();
      store.close();
      rmSync(jobs, { recursive: true, force: true });
      await lab.close();
    },
  };
}

let quiet = false;
/** Once per process: the SDKs tell of every failed activity and of their plans for Node; the tests are not about either. */
export function quietly(): void {
  if (!quiet) loudRuntime('ERROR');
  quiet = true;
}
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const sampleTrainer = (): string[] => [
  process.execPath,
  ...nodeArgs(),
  sampleTrainerPath(),
  '--shards',
  '{input}',
  '--output',
  '{output}',
];

/** What equal runs have in common, byte by byte. */
export interface Canonical {
  /** `manifest.core.json` without the name of the run. */
  core: object;
  /** SHA-256 of bodies and indexes, by the shard's name. */
  shards: Record<string, { bin: string; idx: string }>;
  /** SHA-256 of what an incremental run brings to the index. */
  segment?: string[];
}

/** The canonical objects of a published run, hashed from the bytes that the lake holds. */
export async function canonical(store: ObjectStore, run: RunRef): Promise<Canonical> {
  const publication = await publicationOf(store, run);
  const { run: _, ...core } = JSON.parse(text(await readChecked(store, publication.manifest))) as RunRef;
  const shards: Canonical['shards'] = {};
  for (const { name, bin, idx } of publication.shards) {
    shards[name] = { bin: await hashOf(store, bin.key), idx: await hashOf(store, idx.key) };
  }
  if (publication.segment === undefined) return { core, shards };
  const made = await readJson<Segment>(store, publication.segment);
  const segment = SEGMENT_RUNS.flatMap((name) => made[name].map(({ sha256 }) => sha256));
  const { tombstones } = publication;
  return { core, shards, segment: tombstones === undefined ? segment : [...segment, tombstones.sha256] };
}

/** The publication that the domain log names for a run. Throws when it names none. */
export async function publicationOf(store: ObjectStore, run: RunRef): Promise<Publication> {
  const { entry } = await readHead(store, run.domain);
  const published = publishedRun(entry, run.run);
  if (published === undefined) throw new Error(`nothing is published of ${run.domain}/${run.run}`);
  return JSON.parse(text(await readChecked(store, published.publication))) as Publication;
}

async function hashOf(store: ObjectStore, key: string): Promise<string> {
  const bytes = await store.find(key);
  if (bytes === undefined) throw new Error(`${key} is not there`);
  return sha256(bytes);
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Puts a Parquet object with one column `text`; null is a null. */
export async function putTexts(
  store: ObjectStore,
  key: string,
  texts: readonly (string | null)[],
  options: WriteOptions = {},
): Promise<void> {
  await store.put(key, parquetBytes([{ name: 'text', type: 'string', data: texts }], options));
}

/** A Parquet object whose footer is whole and whose pages are not: it can be planned, and fails when its rows are read. */
export function brokenPages(texts: readonly string[]): Uint8Array {
  const bytes = parquetBytes([{ name: 'text', type: 'string', data: texts }]);
  bytes.fill(0xff, 4, 200);
  return bytes;
}

/** The commits of a stage of a run, in the order of their keys. */
export async function commitsOf(store: ObjectStore, run: RunRef, stage: Stage): Promise<StageCommit[]> {
  const commits: StageCommit[] = [];
  for await (const { key } of store.list(`${runFolder(run)}/stages/`)) {
    if (!key.includes(`/${stage}/`) || !key.endsWith('/_commit.json')) continue;
    commits.push(JSON.parse(text((await store.find(key)) ?? new Uint8Array())) as StageCommit);
  }
  return commits;
}

/** How the endpoint of a pipeline is asked. */
export const SYNTHESIZE = {
  generator: 'instruction-synthesizer',
  endpoint: 'default',
  rounds: 2,
  share: 1,
} as const satisfies SynthesizeSpec;

/** The spec of a small run over the column `text` of a prefix: augmented documents alone, shards of a few kilobytes. */
export function textSpec(domain: string, changes: Partial<IngestSpec> = {}): IngestSpec {
  return {
    domain,
    input: { prefix: `raw/${domain}/`, text: 'text' },
    synthesize: SYNTHESIZE,
    tokenizer: 'default',
    sequenceLength: 1024,
    mix: { sources: [{ from: 'augmented', weight: 1 }] },
    shards: { bytes: 8192 },
    ...changes,
  };
}
