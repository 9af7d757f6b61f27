// tier: manual — 5,140 documents, M = 3, the worker killed (-9) three times during synthesis: requests made twice, and the same canonical objects
import type { ChildProcess } from 'node:child_process';
import type { IngestSpec } from '../../workflows/contract.ts';
import { attemptsOf } from '../executions.ts';
import { CHUNK, kill9, killDuring, repeated } from '../faults/kill.ts';
import { canonical, textSpec } from '../pipeline.ts';
import { DATA, must, skip } from './lib.ts';
import { openScene, putSomeCorpus } from './parts/scene.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');

const DOMAIN = 'medical';
const DOCUMENTS = 5_140;
const KILLS = 3;
/** Requests in flight of all rounds on the worker. */
const CONCURRENCY = 16;
/** What one kill may cost: what is in flight, and the answers that no chunk holds yet, over all rounds of the worker. */
const LOSS = CONCURRENCY + CHUNK;
const PATIENCE_MS = 900_000;

// Partitions enough for several rounds at once on the worker.
const spec: IngestSpec = textSpec(DOMAIN, {
  input: { prefix: `raw/${DOMAIN}/`, id: 'id', text: 'text', title: 'title', partitionBytes: 2 ** 20 },
  dedupe: { near: false },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 3, share: 1 },
  sequenceLength: 2_048,
  shards: { bytes: 2_000_000 },
});

const scene = await openScene('kill-thrice', { delayMs: 20, concurrency: CONCURRENCY });
const { client, endpoint, store, startWorker, start } = scene;
let worker: ChildProcess | undefined;
try {
  await putSomeCorpus(store, `raw/${DOMAIN}/`);
  worker = await startWorker();
  const workflowId = await start(spec, 'killed');
  for (let kill = 1; kill <= KILLS; kill++) {
    const before = repeated(endpoint.bodies);
    const enough = (DOCUMENTS * kill) / (KILLS + 1);
    const met = (): boolean => endpoint.answered() >= enough;
    await killDuring(client, workflowId, 'synthesizeRound', worker, met, PATIENCE_MS);
    console.log(
      `  kill ${kill}: ${endpoint.answered()} answers so far, ${before} requests made twice before it`,
    );
    worker = await startWorker();
  }
  await client.workflow.getHandle(workflowId).result();

  const { synthesizeRound = [] } = await attemptsOf(client, workflowId);
  const again = synthesizeRound.filter((attempt) => attempt > 1).length;
  must(again > KILLS, `${again} of ${synthesizeRound.length} rounds were begun more than once`);
  const asked = new Set(endpoint.bodies).size;
  must(asked === DOCUMENTS, `${asked} requests differ, one for each document`);
  const twice = repeated(endpoint.bodies);
  must(
    twice <= KILLS * LOSS,
    `${twice} requests were made twice in ${KILLS} kills: at most ${KILLS} × (${CONCURRENCY} in flight + ${CHUNK} not recorded) = ${KILLS * LOSS}`,
  );

  const asIfNothing = endpoint.bodies.length;
  await client.workflow.getHandle(await start(spec, 'undisturbed')).result();
  must(
    endpoint.bodies.length - asIfNothing === DOCUMENTS,
    `an undisturbed run makes ${endpoint.bodies.length - asIfNothing} requests`,
  );
  const [killed, undisturbed] = await Promise.all(
    ['killed', 'undisturbed'].map((run) => canonical(store, { domain: DOMAIN, run })),
  );
  must(
    JSON.stringify(killed) === JSON.stringify(undisturbed),
    `manifest.core.json and ${Object.keys(killed?.shards ?? {}).length} shards are the same, byte by byte, as in an undisturbed run`,
  );
} finally {
  if (worker !== undefined) await kill9(worker);
  await scene.close();
}
