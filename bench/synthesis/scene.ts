import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import { until } from '../../client/stack/poll.ts';
import { openStack } from '../../client/stack/stack.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { atOnce } from '../../lake/at-once.ts';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec, Role } from '../../workflows/contract.ts';
import type { ingestDomain } from '../../workflows/index.ts';
import { cpuSecondsOf } from '../proc.ts';

const PREFIX = 'raw/synthesis/';
const RUN = 'r1';
const UPLOADS = 16;
/** Everything but the rounds, so that a process that does these alone can be measured. */
const OTHERS: readonly Role[] = ['workflows', 'io', 'cpu'];

/** Temporal and an S3 server with a corpus in it, on which runs are made, one after the other. */
export interface Scene {
  run: (options: RunOptions) => Promise<RunCosts>;
  close: () => Promise<void>;
}
export interface RunOptions {
  /** Domain of the run; a run of one that has been used would find its answers again. */
  domain: string;
  /** The built package that works. */
  dist: string;
  endpoint: string;
  /** Requests in flight from one worker at most. */
  concurrency: number;
  /** Processes that take rounds. */
  workers: number;
  rounds: number;
  signal: AbortSignal;
}
export interface RunCosts {
  /** Of the processes that take rounds, from their being ready to the end of the run. */
  cpuSeconds: number | undefined;
}

/** Opens the servers in a folder and puts the files, each of them one row group with a column `text`. */
export async function openScene(
  folder: string,
  files: readonly (readonly string[])[],
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<Scene> {
  const stack = await openStack({ state: folder, report: note, ports: 'random', database: 'memory', signal });
  const { temporal: address, namespace, s3 } = stack.settings;
  const store = openS3(s3);
  await atOnce(files, UPLOADS, (texts, i) =>
    store.put(
      `${PREFIX}${String(i).padStart(5, '0')}.parquet`,
      parquetBytes([{ name: 'text', type: 'string', data: texts }], {}),
    ),
  );
  store.close();
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const { accessKeyId, secretAccessKey, ...lake } = s3;
  const env = { ...process.env, BENCH_S3_ID: accessKeyId, BENCH_S3_SECRET: secretAccessKey };

  function configure({ domain, endpoint, concurrency }: RunOptions): string {
    const config = join(folder, `worker-${domain}.yaml`);
    const text = stringify({
      lake: { ...lake, accessKeyIdEnv: 'BENCH_S3_ID', secretAccessKeyEnv: 'BENCH_S3_SECRET' },
      endpoints: { default: { url: endpoint, concurrency } },
      tokenizers: { default: { file: sampleTokenizerPath(), eos: '<|end|>' } },
    });
    writeFileSync(config, text);
    return config;
  }
  return {
    async run(options) {
      const config = configure(options);
      const { dist, signal } = options;
      const worker = (roles: readonly Role[]): Promise<ChildProcess> =>
        startWorker(
          [
            join(dist, 'client', 'cli.js'),
            ...['worker', '--config', config, '--address', address, '--namespace', namespace],
            ...roles.flatMap((role) => ['--role', role]),
          ],
          env,
          signal,
        );
      const started: ChildProcess[] = [];
      try {
        started.push(await worker(OTHERS));
        const gpu = await Promise.all(Array.from({ length: options.workers }, () => worker(['gpu'])));
        started.push(...gpu);
        const before = cpuOf(gpu);
        const { workflowId } = await startIngest(client, specOf(options), RUN);
        const handle = client.workflow.getHandle<typeof ingestDomain>(workflowId);
        // Ended, not left: whoever waits for its result would still ask when the connection is closed.
        const end = (): void => void handle.terminate('the bench was ended').catch(() => {});
        signal.addEventListener('abort', end, { once: true });
        await handle.result().finally(() => signal.removeEventListener('abort', end));
        signal.throwIfAborted();
        const after = cpuOf(gpu);
        const cpuSeconds = before === undefined || after === undefined ? undefined : after - before;
        return { cpuSeconds };
      } finally {
        await Promise.all(started.map(kill));
      }
    },
    async close() {
      await connection.close();
      await stack.close();
    },
  };
}

function specOf({ domain, rounds }: RunOptions): IngestSpec {
  return {
    domain,
    // Each file is a partition of its own: two of them together are more than the least that a spec may ask for.
    input: { prefix: PREFIX, text: 'text', partitionBytes: 1024 },
    // The sentences come again and again, and no text shall be left out.
    dedupe: { near: false },
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds, share: 1 },
    tokenizer: 'default',
    sequenceLength: 4096,
    mix: { sources: [{ from: 'augmented', weight: 1 }] },
  };
}

async function startWorker(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10_000);
    });
  }
  const ready = async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(said);
    return /A worker runs on/.test(said) || undefined;
  };
  await until(ready, { within: 60_000, what: 'the worker did not start', signal });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function cpuOf(children: readonly ChildProcess[]): number | undefined {
  const each = children.map(({ pid }) => (pid === undefined ? undefined : cpuSecondsOf(pid)));
  return each.includes(undefined) ? undefined : each.reduce((sum: number, one) => sum + (one ?? 0), 0);
}
