// tier: manual — a worker stays under 1.5 GB over a whole run on a 2 GB file with one row group, as pyarrow writes it
import { createReadStream, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import { openStack } from '../../client/stack/stack.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { readFooter } from '../../lake/parquet/footer.ts';
import { openS3 } from '../../lake/s3.ts';
import type { Done, Progress } from '../../workflows/contract.ts';
import { kill9, spawnWorker } from '../faults/kill.ts';
import { textSpec } from '../pipeline.ts';
import { PYTHON } from '../readers/published.ts';
import { CLI, must, ok, ROOT, scratch, skip, start, until } from './lib.ts';
import { memoryPlot } from './parts/memory-plot.ts';
import { watchRss } from './parts/rss.ts';

const LIMIT = 1.5e9;
/** Size of the file; a smaller one is for trying things out, and leaves no plot. MEMORY_FILE names one that is there already. */
const GB = Number(process.env.MEMORY_GB ?? 2);
const SHARE = Number(process.env.MEMORY_SHARE ?? 0.02);
const RUN = { domain: 'large', run: 'r1' };

if (PYTHON === undefined) skip('INSTRUCT_LAKE_PYTHON names no Python with pyarrow');
const state = scratch('memory');
const file = process.env.MEMORY_FILE ?? join(state, 'large.parquet');
if (process.env.MEMORY_FILE === undefined) {
  const script = join(ROOT, 'test', 'acceptance', 'parts', 'large_file.py');
  await ok(PYTHON, [script, file, String(GB)]);
}
const { size } = statSync(file);
must(size >= GB * 1e9, `the file has ${size} bytes`);

const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
const { temporal, namespace, s3 } = stack.settings;
const store = openS3(s3);
const connection = await Connection.connect({ address: temporal });
const client = new Client({ connection, namespace });
let endpoint: ReturnType<typeof start> | undefined;
try {
  const key = `raw/${RUN.domain}/large.parquet`;
  await store.write(key, createReadStream(file, { highWaterMark: 2 ** 20 }));
  const head = await store.head(key);
  const { rowGroups } = await readFooter(store, { key, size, etag: head?.etag ?? '' });
  must(rowGroups.length === 1, `it has one row group, of ${rowGroups[0]?.rows} rows`);

  // The endpoint is a process of its own too: what it holds is not the worker's.
  const port = new URL(stack.settings.endpoint).port;
  endpoint = start(process.execPath, [CLI, 'endpoint', '--port', port]);
  await until('the endpoint', 30, async () => {
    const answer = await fetch(`${stack.settings.endpoint}/v1/models`).catch(() => undefined);
    return answer?.ok || undefined;
  });
  const config = join(state, 'worker-of-the-test.yaml');
  const { accessKeyId: _id, secretAccessKey: _secret, ...lake } = s3;
  const keys = { accessKeyIdEnv: 'MEMORY_S3_ID', secretAccessKeyEnv: 'MEMORY_S3_SECRET' };
  writeFileSync(
    config,
    stringify({
      lake: { ...lake, ...keys },
      endpoints: { default: { url: stack.settings.endpoint } },
      tokenizers: { default: { file: sampleTokenizerPath(), eos: '<|end|>' } },
    }),
  );
  const worker = await spawnWorker(
    process.execPath,
    [CLI, 'worker', '--config', config, '--address', temporal, '--namespace', namespace],
    { ...process.env, MEMORY_S3_ID: s3.accessKeyId, MEMORY_S3_SECRET: s3.secretAccessKey },
    /A worker runs on/,
  );
  let phase = 'open';
  const watch = watchRss(worker.pid as number, () => phase);
  let seen: ReturnType<typeof watch.stop>;
  try {
    const spec = textSpec(RUN.domain, {
      input: { prefix: `raw/${RUN.domain}/`, id: 'id', text: 'text', title: 'title' },
      synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: SHARE },
      mix: {
        sources: [
          { from: 'raw', weight: 99 },
          { from: 'augmented', weight: 1 },
        ],
      },
      shards: { bytes: 1_000_000_000 },
    });
    const { workflowId } = await startIngest(client, spec, RUN.run);
    const handle = client.workflow.getHandle(workflowId);
    const ended = handle.result().finally(() => {
      phase = 'done';
    });
    ended.catch(() => {});
    for (let said = ''; phase !== 'done'; ) {
      const {
        phase: now,
        done,
        total,
      } = await handle.query<Progress>('progress').catch(() => ({ phase, done: 0, total: 0 }));
      if (phase !== 'done') phase = now;
      const held = (watch.peak() / 1e6).toFixed(0);
      if (now !== said) console.log(`  ${now}: ${done} of ${total}, ${held} MB at most so far`);
      said = now;
      await pause(500);
    }
    const { counts } = (await ended) as Pick<Done, 'counts'>;
    console.log(`  ${JSON.stringify(counts)}`);
  } finally {
    seen = watch.stop();
    await kill9(worker);
    const peaks = new Map<string, number>();
    for (const { phase: at, rss } of seen.samples) peaks.set(at, Math.max(rss, peaks.get(at) ?? 0));
    for (const [at, rss] of peaks) console.log(`  ${at.padEnd(12)} ${(rss / 1e6).toFixed(0)} MB at most`);
  }
  const { samples, peak } = seen;
  if (GB >= 2) {
    const results = join(ROOT, 'test', 'acceptance', 'results');
    mkdirSync(results, { recursive: true });
    writeFileSync(join(results, 'memory.jsonl'), samples.map((each) => `${JSON.stringify(each)}\n`).join(''));
    const title = `Memory of a worker: a run on one file of ${(size / 1e9).toFixed(1)} GB, one row group`;
    writeFileSync(join(ROOT, 'docs', 'memory.svg'), memoryPlot(samples, LIMIT, title));
  }
  must(peak < LIMIT, `the worker held ${(peak / 1e6).toFixed(0)} MB at most, less than ${LIMIT / 1e6} MB`);
  const wrong = (await verifyRun(store, RUN, () => {})).filter(({ ok: fine }) => !fine);
  must(
    wrong.length === 0,
    `every byte that was published verifies ${wrong.map(({ detail }) => detail).join()}`,
  );
} finally {
  endpoint?.kill();
  await connection.close();
  store.close();
  await stack.close();
}
