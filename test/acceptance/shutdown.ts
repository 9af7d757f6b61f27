// tier: ci — a worker told to end (TERM) cancels what it has, keeps the answers it got, and ends; another takes over at once

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { IngestSpec } from '../../workflows/contract.ts';
import { attemptsOf } from '../executions.ts';
import { repeated } from '../faults/kill.ts';
import { must, until } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { openScene, putSomeCorpus } from './parts/scene.ts';

const DOMAIN = 'handed-over';
const CONCURRENCY = 4;
/** A second of grace, a few more to the end of a batch; 25 s would be the worst. */
const ENDS_WITHIN = 12;
/** Somebody who waited for the heartbeat time-out would need 30 s. */
const TAKEN_WITHIN = 15;

const scene = await openScene('shutdown', { delayMs: 150, concurrency: CONCURRENCY });
const { client, endpoint, gate, store } = scene;
const spec: IngestSpec = {
  domain: DOMAIN,
  input: { prefix: `raw/${DOMAIN}/`, text: 'text' },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 1, share: 0.05 },
  tokenizer: 'default',
  sequenceLength: 1024,
  mix: { sources: [{ from: 'raw', weight: 1 }] },
  shards: { bytes: 1_000_000 },
};
const run = { domain: DOMAIN, run: 'r1' };

try {
  await putSomeCorpus(store, spec.input.prefix);
  let worker = await scene.startWorker();
  const id = await scene.start(spec, run.run);

  await until(
    'a round with answers that are not yet kept',
    120,
    async () => endpoint.answered() >= 20 || undefined,
  );
  const chunks = (): number => gate.passed.filter(({ key }) => key.includes('/answers-')).length;
  const [asked, kept] = [endpoint.asked.length, chunks()];
  await end(worker, 'in the middle of a round');
  must(
    chunks() > kept,
    `it kept the answers it had: ${chunks() - kept} chunk of answers was written after the signal`,
  );
  worker = await scene.startWorker();
  await takenUp('the round', () => endpoint.asked.length > asked + CONCURRENCY);

  // In a thread, with a store that is slow to take the shards.
  gate.before = ({ key, method }) =>
    method === 'PUT' && key.includes('/shards/') ? delay(2_000) : undefined;
  const written = (): number => gate.passed.filter(({ key }) => /shard-\d+-of-\d+\.bin$/.test(key)).length;
  await until('a shard that is written', 120, async () => written() > 0 || undefined);
  await end(worker, 'in the middle of a shard');
  gate.before = () => {};
  const before = written();
  worker = await scene.startWorker();
  await takenUp('the shards', () => written() > before);

  await client.workflow.getHandle(id).result();
  const attempts = await attemptsOf(client, id);
  for (const activity of ['synthesizeRound', 'buildShard']) {
    must(Math.max(...(attempts[activity] ?? [])) === 2, `${activity} took two attempts, the run one start`);
  }
  const twice = repeated(endpoint.asked);
  must(twice <= CONCURRENCY, `${twice} requests were repeated: those in flight (${CONCURRENCY}) at most`);

  await client.workflow.getHandle(await scene.start(spec, 'undisturbed')).result();
  await mustBeSame(store, run.domain, [run.run, 'undisturbed'], 'they are those of an undisturbed run');

  // A store that does not answer makes the end take seconds: a second signal does not wait for them.
  gate.before = ({ key }) => (key.includes('/scan/') ? delay(600_000, undefined, { ref: false }) : undefined);
  const from = gate.passed.length;
  await scene.start(spec, 'hurried');
  await until(
    'a scan',
    60,
    async () => gate.passed.slice(from).some(({ key }) => key.includes('/scan/')) || undefined,
  );
  const gone = once(worker, 'exit');
  worker.kill('SIGTERM');
  await delay(100);
  must(worker.exitCode === null, 'a worker in a scan does not end at once by itself');
  const begun = performance.now();
  worker.kill('SIGTERM');
  const [code] = (await gone) as [number | null];
  const seconds = (performance.now() - begun) / 1000;
  must(
    code === 130 && seconds < 1,
    `after a second signal it does: ${seconds.toFixed(1)} s, exit code ${code}`,
  );
} finally {
  await scene.close();
}

/** Tells a worker to end, and waits until it has. */
async function end(worker: ChildProcess, when: string): Promise<void> {
  const gone = once(worker, 'exit');
  const begun = performance.now();
  worker.kill('SIGTERM');
  const [code] = (await gone) as [number | null];
  const seconds = (performance.now() - begun) / 1000;
  must(code === 0 && seconds < ENDS_WITHIN, `TERM ${when}: exit code ${code} after ${seconds.toFixed(1)} s`);
}

/** Waits until the next worker, which has just started, is at work. */
async function takenUp(what: string, isAtWork: () => boolean): Promise<void> {
  const begun = performance.now();
  await until(`another worker at ${what}`, 60, async () => isAtWork() || undefined);
  const seconds = (performance.now() - begun) / 1000;
  must(
    seconds < TAKEN_WITHIN,
    `another worker is at ${what} after ${seconds.toFixed(1)} s, not after a time-out of 30`,
  );
}
