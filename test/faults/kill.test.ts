import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyRun } from '../../client/verify-run.ts';
import { nodeArgs } from '../../lake/node-args.ts';
import { attemptsOf } from '../executions.ts';
import { openLab } from '../lab.ts';
import { type Canonical, canonical, openPipeline, type Pipeline } from '../pipeline.ts';
import {
  CHUNK,
  CONCURRENCY,
  DELAY_MS,
  DOMAIN,
  putCorpus,
  repeated,
  runKilledTwice,
  spawnWorker,
  spec,
  TEXTS,
} from './kill.ts';

const RUN = { domain: DOMAIN, run: 'r1' };
const folder = mkdtempSync(join(tmpdir(), 'instruct-lake-kill-'));

let undisturbed: Canonical;
let pipeline: Pipeline;
beforeAll(async () => {
  const other = await openPipeline(await openLab());
  await putCorpus(other.store);
  await other.work();
  await other.runIngest(spec, RUN.run);
  undisturbed = await canonical(other.store, RUN);
  expect(repeated(other.endpoint.asked)).toBe(0);
  await other.close();
  pipeline = await openPipeline(await openLab(), { delayMs: DELAY_MS, concurrency: CONCURRENCY });
  await putCorpus(pipeline.store);
}, 120_000);
afterAll(async () => {
  await pipeline?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a worker killed in a round and in the shards costs an attempt each, and changes no byte', async () => {
  const { lab, settings, endpoint, store } = pipeline;
  const options = join(folder, 'worker.json');
  writeFileSync(
    options,
    JSON.stringify({
      connection: { address: lab.address },
      namespace: lab.namespace,
      settings,
      workflows: { workflowBundle: { code: lab.bundle } },
    }),
    { mode: 0o600 },
  );
  const program = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
  await runKilledTwice({
    client: lab.client,
    endpoint,
    startWorker: () =>
      spawnWorker(process.execPath, [...nodeArgs(), program, options], process.env, /^ready$/m),
    start: async () => (await pipeline.start(spec, RUN.run)).workflowId,
  });

  const attempts = await attemptsOf(lab.client, `ingest/${RUN.domain}/${RUN.run}`);
  expect(Math.max(...(attempts.synthesizeRound ?? []))).toBeGreaterThanOrEqual(2);
  expect(Math.max(...(attempts.buildShard ?? []))).toBeGreaterThanOrEqual(2);
  expect(await canonical(store, RUN)).toEqual(undisturbed);
  expect((await verifyRun(store, RUN, () => {})).filter(({ ok }) => !ok)).toEqual([]);

  expect(new Set(endpoint.asked).size).toBe(TEXTS);
  expect(repeated(endpoint.asked)).toBeGreaterThan(0);
  expect(repeated(endpoint.asked)).toBeLessThanOrEqual(CONCURRENCY + CHUNK);
});
