// tier: manual — 5,140 documents, M = 3, the worker killed (-9) three times during synthesis: requests made twice, and the same canonical objects
import type { ChildProcess } from 'node:child_process';
import { readLedger } from '../../activities/publish/verify-ledger.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { attemptsOf } from '../executions.ts';
import { CHUNK, kill9, killDuring, repeated } from '../faults/kill.ts';
import { publicationOf, textSpec } from '../pipeline.ts';
import { DATA, must, skip } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
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
    const enough = (DOCUMENTS * kill) / (KILLS + 1);
    const met = (): boolean => endpoint.answered() >= enough;
    await killDuring(client, workflowId, 'synthesizeRound', worker, met, PATIENCE_MS);
    const before = repeated(endpoint.bodies);
    console.log(`  kill ${kill} after ${endpoint.answered()} answers, ${before} of them made twice so far`);
    worker = await startWorker();
  }
  await client.workflow.getHandle(workflowId).result();
  const asked = [...endpoint.bodies];

  const { synthesizeRound = [] } = await attemptsOf(client, workflowId);
  const again = synthesizeRound.filter((attempt) => attempt > 1).length;
  must(again >= KILLS, `${again} of ${synthesizeRound.length} rounds were begun more than once`);
  const twice = repeated(asked);
  must(
    twice <= KILLS * LOSS,
    `${twice} requests were made twice in ${KILLS} kills: at most ${KILLS} × (${CONCURRENCY} in flight + ${CHUNK} not recorded) = ${KILLS * LOSS}`,
  );

  await client.workflow.getHandle(await start(spec, 'undisturbed')).result();
  const plain = endpoint.bodies.slice(asked.length);
  must(
    repeated(plain) === 0 && JSON.stringify([...new Set(asked)].sort()) === JSON.stringify(plain.sort()),
    `an undisturbed run makes the same ${plain.length} requests, each once`,
  );
  const ledgers = await Promise.all(
    ['killed', 'undisturbed'].map(async (run) => {
      const { ledger } = await publicationOf(store, { domain: DOMAIN, run });
      if (ledger === undefined) throw new Error(`run ${run} has no ledger`);
      return (await readLedger(store, ledger)).total;
    }),
  );
  const [paid, due] = ledgers;
  must(
    paid?.answers === plain.length &&
      paid.promptTokens === due?.promptTokens &&
      paid.completionTokens === due.completionTokens &&
      due.lostRequests === 0,
    `both ledgers have ${plain.length} answers, ${due?.promptTokens} prompt and ${due?.completionTokens} completion tokens`,
  );
  console.log(
    `  the ledger estimates ${paid?.lostRequests} requests lost (${paid?.lostPromptTokens} + ${paid?.lostCompletionTokens} tokens), ${paid?.wastedAnswers} answers recorded twice`,
  );
  must(
    paid.lostRequests > 0 && paid.lostRequests <= KILLS * LOSS,
    `that is an estimate of the ${twice} that were made twice, within the same bound`,
  );
  await mustBeSame(store, DOMAIN, ['killed', 'undisturbed'], 'they are those of an undisturbed run');
} finally {
  if (worker !== undefined) await kill9(worker);
  await scene.close();
}
