import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Client } from '@temporalio/client';
import { samplePassages } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import type { ObjectStore } from '../../lake/store.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import type { CountingEndpoint } from '../counting-endpoint.ts';
import { startedNow } from '../executions.ts';
import { putTexts, textSpec } from '../pipeline.ts';

export const DOMAIN = 'killed';
/** Texts of the corpus; half of them are prompted in each round. */
export const TEXTS = 240;
/** Answers of a chunk (lake.md): what was answered since the last one may be asked again. */
export const CHUNK = 64;
/** Answers in the first round before the worker is killed: more than a chunk and what is in flight. */
const ANSWERED = 90;
export const CONCURRENCY = 4;
export const DELAY_MS = 60;

/** One partition of many short texts that share their sentences, and shards enough to meet one being built. */
export const spec: IngestSpec = textSpec(DOMAIN, { shards: { bytes: 4_096 }, dedupe: { near: false } });

/** Puts the corpus: runs of three sentences of the sample, each of them once. */
export async function putCorpus(store: ObjectStore): Promise<void> {
  const texts = samplePassages().flatMap(({ text }) => {
    const sentences = text.split(/(?<=[.?!])\s+/);
    return sentences.slice(2).map((_, i) => sentences.slice(i, i + 3).join(' '));
  });
  const some = [...new Set(texts)].slice(0, TEXTS);
  if (some.length < TEXTS) throw new Error(`the sample gives ${some.length} texts, not ${TEXTS}`);
  await putTexts(store, `raw/${DOMAIN}/a.parquet`, some);
}

/** A worker in a process of its own, ready when it has said so. */
export async function spawnWorker(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  ready: RegExp,
): Promise<ChildProcess> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const isReady = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(said);
    return ready.test(said) || undefined;
  };
  await until(isReady, { within: 60_000, what: 'the worker did not start' });
  return child;
}

/** Kills a process with SIGKILL, by its id, and waits until it is gone. */
export async function kill9(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

export interface Scene {
  client: Client;
  endpoint: CountingEndpoint;
  startWorker: () => Promise<ChildProcess>;
  /** Starts the run; its workflow id. */
  start: () => Promise<string>;
}

/** A run whose worker is killed in the first round and again while shards are built; a new one is started each time. */
export async function runKilledTwice({ client, endpoint, startWorker, start }: Scene): Promise<void> {
  let worker = await startWorker();
  try {
    const workflowId = await start();
    await killDuring(client, workflowId, 'synthesizeRound', worker, () => endpoint.answered() >= ANSWERED);
    worker = await startWorker();
    await killDuring(client, workflowId, 'buildShard', worker);
    worker = await startWorker();
    await client.workflow.getHandle(workflowId).result();
  } finally {
    await kill9(worker);
  }
}

/** Stops the worker, looks again that it has such an activity in hand, and kills it; otherwise lets it go on. */
export async function killDuring(
  client: Client,
  workflowId: string,
  activity: string,
  worker: ChildProcess,
  when: () => boolean = () => true,
  within = 120_000,
): Promise<void> {
  const met = async (): Promise<true | undefined> => {
    if (!when() || (await startedNow(client, workflowId, activity)) === 0) return undefined;
    worker.kill('SIGSTOP');
    if ((await startedNow(client, workflowId, activity)) > 0) return true;
    worker.kill('SIGCONT');
    return undefined;
  };
  await until(met, { within, what: `no ${activity} was met` });
  await kill9(worker);
}

/** Requests beyond the first of each kind. */
export const repeated = (asked: readonly string[]): number => asked.length - new Set(asked).size;
