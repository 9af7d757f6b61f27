// tier: manual — a run of 3,000 small partitions: figures for histories, events, memory and time; the counts balance
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pLimit from 'p-limit';
import { stringify } from 'yaml';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import { openStack } from '../../client/stack/stack.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { verifyRun } from '../../client/verify-run.ts';
import { openS3 } from '../../lake/s3.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { historiesOf } from '../executions.ts';
import { kill9, spawnWorker } from '../faults/kill.ts';
import { publicationOf, putTexts, textSpec } from '../pipeline.ts';
import { CLI, must, scratch } from './lib.ts';
import { watchRss } from './parts/rss.ts';
import { gazetteerText } from './parts/texts.ts';

const PARTITIONS = Number(process.env.FAN_OUT_PARTITIONS ?? 3000);
const TEXTS_EACH = 4;
const ROUNDS = 2;
/** Of a lane (architecture.md); Temporal itself warns at 10,240 events and ends a workflow at 51,200. */
const EVENTS_AT_MOST = 6000;
const RUN = { domain: 'wide', run: 'r1' };
const PREFIX = 'raw/wide/';

const state = scratch('fan-out');
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'file' });
const endpoint = await openCountingEndpoint();
const { temporal, namespace, s3 } = stack.settings;
const store = openS3(s3);
const connection = await Connection.connect({ address: temporal });
const client = new Client({ connection, namespace });
try {
  const config = join(state, 'worker-of-the-test.yaml');
  const { accessKeyId: _id, secretAccessKey: _secret, ...lake } = s3;
  writeFileSync(
    config,
    stringify({
      lake: { ...lake, accessKeyIdEnv: 'WIDE_S3_ID', secretAccessKeyEnv: 'WIDE_S3_SECRET' },
      endpoints: { default: { url: endpoint.url, concurrency: 16 } },
      tokenizers: { default: { file: sampleTokenizerPath(), eos: '<|end|>' } },
    }),
  );
  const limit = pLimit(16);
  await Promise.all(
    Array.from({ length: PARTITIONS }, (_, i) =>
      limit(() =>
        putTexts(
          store,
          `${PREFIX}${String(i).padStart(5, '0')}.parquet`,
          Array.from({ length: TEXTS_EACH }, (_, k) => gazetteerText(i * TEXTS_EACH + k)),
        ),
      ),
    ),
  );
  const worker = await spawnWorker(
    process.execPath,
    [CLI, 'worker', '--config', config, '--address', temporal, '--namespace', namespace],
    { ...process.env, WIDE_S3_ID: s3.accessKeyId, WIDE_S3_SECRET: s3.secretAccessKey },
    /A worker runs on/,
  );
  let phase = '';
  const watch = watchRss(worker.pid as number, () => phase);
  const began = performance.now();
  // Each file is a partition of its own: two of them together are more than the least that a spec may ask for.
  const spec = textSpec(RUN.domain, {
    input: { prefix: PREFIX, text: 'text', partitionBytes: 1024 },
    synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: ROUNDS, share: 1 },
    shards: { bytes: 2 ** 20 },
  });
  const { workflowId } = await startIngest(client, spec, RUN.run);
  const phases = setInterval(async () => {
    const progress = await client.workflow
      .getHandle(workflowId)
      .query<{ phase: string; done: number; total: number }>('progress')
      .catch(() => undefined);
    if (progress === undefined || progress.phase === phase) return;
    phase = progress.phase;
    console.log(`  ${Math.round((performance.now() - began) / 1000)} s: ${phase}`);
  }, 1000);
  await client.workflow.getHandle(workflowId).result();
  const seconds = (performance.now() - began) / 1000;
  const { peak: memory } = watch.stop();
  clearInterval(phases);
  await kill9(worker);

  const histories = await historiesOf(client, workflowId);
  const sizes = histories.map(({ type, history }) => ({
    type,
    events: history.events?.length ?? 0,
    bytes: (history.events ?? []).reduce((sum, event) => sum + JSON.stringify(event).length, 0),
  }));
  for (const type of new Set(sizes.map((each) => each.type))) {
    const of = sizes.filter((each) => each.type === type);
    const most = Math.max(...of.map(({ events }) => events));
    const largest = Math.max(...of.map(({ bytes }) => bytes));
    console.log(
      `  ${type}: ${of.length} histories, ${most} events at most, ${Math.round(largest / 1024)} KB as JSON at most`,
    );
    must(most <= EVENTS_AT_MOST, `no history of ${type} is longer than ${EVENTS_AT_MOST} events`);
  }
  console.log(
    `  ${seconds.toFixed(0)} s, ${(PARTITIONS / seconds).toFixed(1)} partitions/s, worker ${Math.round(memory / 2 ** 20)} MB at most`,
  );
  must(memory < 1.5 * 2 ** 30, `the worker stays under 1.5 GB: ${Math.round(memory / 2 ** 20)} MB`);
  const checks = await verifyRun(store, RUN, () => {});
  const wrong = checks.filter(({ ok }) => !ok);
  must(wrong.length === 0, `verify: all ${checks.length} checks hold ${JSON.stringify(wrong)}`);
  const { shards } = await publicationOf(store, RUN);
  must(
    endpoint.asked.length === PARTITIONS * TEXTS_EACH &&
      new Set(endpoint.asked).size === endpoint.asked.length,
    `${endpoint.asked.length} requests, one for each text; ${shards.length} shards`,
  );
} finally {
  await connection.close();
  store.close();
  await endpoint.close();
  await stack.close();
}
