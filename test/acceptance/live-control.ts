// tier: ci — a run over two workers keeps within its ceiling, is paused within seconds, re-budgeted and resumed; the same canonical objects

import { setTimeout as delay } from 'node:timers/promises';
import type { IngestSpec, Progress } from '../../workflows/contract.ts';
import { pendingNow, startedNow } from '../executions.ts';
import { repeated } from '../faults/kill.ts';
import { putTexts, textSpec } from '../pipeline.ts';
import { lake, must, until } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { openScene } from './parts/scene.ts';
import { gazetteerText } from './parts/texts.ts';

const DOMAIN = 'steered';
const PARTITIONS = 4;
/** Of a partition; half of them in each round. */
const TEXTS = 96;
/** With so many at once, what is left of a round after the first requests takes longer than a pause may. */
const DELAY_MS = 400;
const CEILING = 3;
const RAISED = 12;
const LOWERED = 2;
/** A heartbeat brings the news within 5 s; what is in flight then is answered in a fraction of one. */
const STOPS_WITHIN = 12;
/** How long nobody may ask, once a run is paused. */
const QUIET_MS = 3_000;

const scene = await openScene('live-control', { delayMs: DELAY_MS });
const { client, endpoint, store, temporal } = scene;
const { namespace } = client.options;
const SYNTHESIZE = {
  generator: 'instruction-synthesizer',
  endpoint: 'default',
  rounds: 2,
  share: 1,
  concurrency: CEILING,
} as const;
const spec: IngestSpec = textSpec(DOMAIN, {
  input: { prefix: `raw/${DOMAIN}/`, text: 'text', partitionBytes: 1024 },
  synthesize: SYNTHESIZE,
});
const run = { domain: DOMAIN, run: 'steered' };
const name = `${run.domain}/${run.run}`;

try {
  for (let file = 0; file < PARTITIONS; file++) {
    const texts = Array.from({ length: TEXTS }, (_, i) => gazetteerText(file * TEXTS + i));
    await putTexts(store, `${spec.input.prefix}${file}.parquet`, texts);
  }
  await scene.startWorker();
  await scene.startWorker();
  const id = await scene.start(spec, run.run);
  const handle = client.workflow.getHandle(id);
  const asked = (count: number): Promise<true> =>
    until(`${count} requests`, 120, async () => endpoint.asked.length >= count || undefined);

  await asked(15);
  const first = endpoint.most();
  must(
    first === CEILING,
    `with a ceiling of ${CEILING} in the spec ${first} requests were in flight at most`,
  );

  await command('pause', name);
  const stopped = await standstill();
  must(
    stopped < STOPS_WITHIN,
    `paused in the middle of its rounds: the last request went out ${stopped.toFixed(1)} s after the command, and none in ${QUIET_MS / 1000} s from then on`,
  );
  const progress = await handle.query<Progress>('progress');
  must(progress.paused && progress.phase === 'synthesize', 'the query progress says that it is paused');
  must((await lake(['status', name, ...servers()])).stdout.includes('  paused  '), 'and so does status');
  const twice = await temporal.run('workflow', 'update', 'execute', '--workflow-id', id, '--name', 'pause');
  must(twice.code !== 0 && twice.stderr.includes('is paused already'), 'a second pause is refused');

  await update('setConcurrency', { concurrency: RAISED });
  endpoint.most();
  await update('resume');
  let raised = 0;
  await until('more requests in flight', 60, async () => {
    raised = Math.max(raised, endpoint.most());
    return raised > RAISED / 2 || undefined;
  });
  await command('set-concurrency', name, String(LOWERED));
  await until('the rounds cut down', 60, async () => {
    raised = Math.max(raised, endpoint.most());
    const pending = await pendingNow(client, id, 'synthesizeRound');
    // Those that are to end count as pending and not as started.
    const started = await startedNow(client, id, 'synthesizeRound');
    return (pending <= LOWERED && started === pending) || undefined;
  });
  must(
    raised > RAISED / 2 && raised <= RAISED,
    `resumed with a ceiling of ${RAISED}: ${raised} were in flight at most`,
  );
  endpoint.most();
  await asked(endpoint.asked.length + 20);
  const lowered = endpoint.most();
  must(lowered === LOWERED, `lowered to ${LOWERED} while it ran: ${lowered} were in flight at most`);
  await command('set-concurrency', name, 'none');
  await handle.result();
  const again = repeated(endpoint.asked);
  must(again === 0, `${endpoint.asked.length} requests, none of them twice`);

  const other = { ...run, run: 'undisturbed' };
  const { concurrency: _, ...synthesize } = SYNTHESIZE;
  await client.workflow.getHandle(await scene.start({ ...spec, synthesize }, other.run)).result();
  await mustBeSame(store, run.domain, [run.run, other.run], 'they are those of a run that nobody steered');
} finally {
  await scene.close();
}

/** Seconds from now to the last request, once none has been made for a while. */
async function standstill(): Promise<number> {
  const begun = performance.now();
  let last = begun;
  for (let seen = endpoint.asked.length; performance.now() - last < QUIET_MS; await delay(20)) {
    if (endpoint.asked.length === seen) continue;
    seen = endpoint.asked.length;
    last = performance.now();
    if (last - begun > 60_000) break;
  }
  return (last - begun) / 1000;
}

function servers(): string[] {
  return ['--address', temporal.address, '--namespace', namespace, '--bucket', store.bucket];
}
/** Our own command. */
async function command(...args: string[]): Promise<void> {
  const { code, stderr } = await lake([...args, ...servers()]);
  if (code !== 0) throw new Error(`instruct-lake ${args.join(' ')} ended with ${code}: ${stderr}`);
}
/** The same by Temporal's. */
async function update(what: string, input?: object): Promise<void> {
  const args = ['workflow', 'update', 'execute', '--workflow-id', `ingest/${name}`, '--name', what];
  if (input !== undefined) args.push('--input', JSON.stringify(input));
  const { code, stderr } = await temporal.run(...args);
  if (code !== 0) throw new Error(`temporal ${args.join(' ')} ended with ${code}: ${stderr}`);
}
