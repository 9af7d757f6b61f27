// tier: ci — a worker killed (-9) once in synthesize and once in shards: attempts ≥ 2 for both, the same canonical objects

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { stringify } from 'yaml';
import { sampleTokenizerPath } from '../../client/sample/index.ts';
import { openStack } from '../../client/stack/stack.ts';
import { startIngest } from '../../client/start-ingest.ts';
import { openS3 } from '../../lake/s3.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { attemptsOf } from '../executions.ts';
import {
  CHUNK,
  CONCURRENCY,
  DELAY_MS,
  DOMAIN,
  kill9,
  putCorpus,
  repeated,
  runKilledTwice,
  spawnWorker,
  spec,
} from '../faults/kill.ts';
import { CLI, must, scratch } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';

const state = scratch('kill');
const stack = await openStack({ state, report: console.log, ports: 'random', database: 'memory' });
const endpoint = await openCountingEndpoint({ delayMs: DELAY_MS });
const { temporal, namespace, s3 } = stack.settings;
const store = openS3(s3);
const connection = await Connection.connect({ address: temporal });
const client = new Client({ connection, namespace });
try {
  const config = join(state, 'worker-of-the-test.yaml');
  const { accessKeyId: _id, secretAccessKey: _secret, ...lake } = s3;
  const keys = { accessKeyIdEnv: 'KILL_S3_ID', secretAccessKeyEnv: 'KILL_S3_SECRET' };
  writeFileSync(
    config,
    stringify({
      lake: { ...lake, ...keys },
      endpoints: { default: { url: endpoint.url, concurrency: CONCURRENCY } },
      tokenizers: { default: { file: sampleTokenizerPath(), eos: '<|end|>' } },
    }),
  );
  const startWorker = () =>
    spawnWorker(
      process.execPath,
      [CLI, 'worker', '--config', config, '--address', temporal, '--namespace', namespace],
      { ...process.env, KILL_S3_ID: s3.accessKeyId, KILL_S3_SECRET: s3.secretAccessKey },
      /A worker runs on/,
    );
  const start = async (run: string): Promise<string> => (await startIngest(client, spec, run)).workflowId;
  await putCorpus(store);

  await runKilledTwice({ client, endpoint, startWorker, start: () => start('killed') });
  const attempts = await attemptsOf(client, `ingest/${DOMAIN}/killed`);
  for (const activity of ['synthesizeRound', 'buildShard']) {
    const highest = Math.max(...(attempts[activity] ?? []));
    must(highest >= 2, `${activity}: the history shows attempt ${highest}`);
  }
  const twice = repeated(endpoint.asked);
  must(
    twice <= CONCURRENCY + CHUNK,
    `${twice} requests were repeated, of ${CONCURRENCY} in flight and a chunk of ${CHUNK} at most`,
  );

  const worker = await startWorker();
  try {
    await client.workflow.getHandle(await start('undisturbed')).result();
  } finally {
    await kill9(worker);
  }
  await mustBeSame(store, DOMAIN, ['killed', 'undisturbed'], 'they are those of an undisturbed run');
} finally {
  await connection.close();
  store.close();
  await endpoint.close();
  await stack.close();
}
