// tier: ci — a run cancelled in every phase closes within seconds, writes nothing afterwards, and goes on when it is started again

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type IngestSpec, PHASES } from '../../workflows/contract.ts';
import { must, scratch, until } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { openScene, putSomeCorpus } from './parts/scene.ts';

const DOMAIN = 'cancelled';
/** A heartbeat brings the news within 5 s, a batch ends within a few more; what does not end is given up after 15 s. */
const WITHIN_SECONDS = 14;
/** What the store takes for each request of the phase that is to be met, so that it lasts; in some it does not answer at all. */
const SLOW_MS = 400;
const SILENT = ['scan', 'publish'];
/** How long nobody may ask for anything, once the run is closed. */
const QUIET_MS = 1_500;

const flags = scratch('cancel-flags');
const [started, go] = ['started', 'go'].map((name) => join(flags, name)) as [string, string];
const trainer = [
  '/bin/sh',
  '-c',
  'touch "$1"; while [ ! -e "$2" ]; do sleep 0.1; done',
  'trainer',
  started,
  go,
];
const scene = await openScene('cancel', { delayMs: 50, trainers: { default: { command: trainer } } });
const { gate, endpoint, store, client } = scene;
const run = { domain: DOMAIN, run: 'cancelled' };
const spec: IngestSpec = {
  domain: DOMAIN,
  input: { prefix: `raw/${DOMAIN}/`, text: 'text', partitionBytes: 3 * 2 ** 20 },
  synthesize: { generator: 'instruction-synthesizer', endpoint: 'default', rounds: 2, share: 0.1 },
  tokenizer: 'default',
  sequenceLength: 1024,
  mix: {
    sources: [
      { from: 'raw', weight: 1 },
      { from: 'augmented', weight: 1 },
    ],
  },
  shards: { bytes: 2_000_000 },
  train: { launcher: 'default' },
};

try {
  await putSomeCorpus(store, spec.input.prefix);
  await scene.startWorker();
  const seconds: Record<string, string> = {};
  for (const phase of PHASES.slice(1, -1)) seconds[phase] = (await cancelIn(phase)).toFixed(1);
  console.log(`  seconds from \`temporal workflow cancel\` to the closed run: ${JSON.stringify(seconds)}`);

  writeFileSync(go, '');
  await client.workflow.getHandle(await scene.start(spec, run.run)).result();
  const other = { ...run, run: 'undisturbed' };
  await client.workflow.getHandle(await scene.start(spec, other.run)).result();
  await mustBeSame(
    store,
    run.domain,
    [run.run, other.run],
    'started again it ends as an undisturbed run does',
  );
} finally {
  await scene.close();
}

/** Starts the run, cancels it in a phase, and looks that it ends and lets go; the seconds it took. */
async function cancelIn(phase: string): Promise<number> {
  const asked = endpoint.asked.length;
  const from = gate.passed.length;
  const silent = SILENT.includes(phase);
  const isOf = (key: string): boolean => key.includes(`/${phase}/`);
  const hold = (): Promise<void> => delay(silent ? 600_000 : SLOW_MS, undefined, { ref: false });
  gate.before = ({ key }) => (isOf(key) ? hold() : undefined);
  const id = await scene.start(spec, run.run);
  await until(`the run at work in ${phase}`, 120, async () => {
    if (phase === 'synthesize') return endpoint.asked.length > asked + 10 || undefined;
    if (phase === 'train') return existsSync(started) || undefined;
    // Later phases read what this one has written: here it is at work itself.
    const seen = gate.passed.slice(from).filter(({ key }) => isOf(key));
    return seen.some(({ method }) => silent || method !== 'GET') || undefined;
  });
  const begun = performance.now();
  const { code, stderr } = await scene.temporal.run('workflow', 'cancel', '--workflow-id', id);
  if (code !== 0) throw new Error(stderr);
  const end = await until(`the end of the run cancelled in ${phase}`, 120, async () => {
    const { status } = await client.workflow.getHandle(id).describe();
    return status.name === 'RUNNING' ? undefined : status.name;
  });
  const took = (performance.now() - begun) / 1000;
  const after = { passed: gate.passed.length, asked: endpoint.asked.length, underWay: gate.underWay() };
  const where = silent ? `${phase}, with a store that does not answer` : phase;
  must(end === 'CANCELLED' && took < WITHIN_SECONDS, `${where}: closed as ${end} after ${took.toFixed(1)} s`);
  await delay(QUIET_MS);
  must(
    after.underWay === 0 && gate.passed.length === after.passed && endpoint.asked.length === after.asked,
    'and nobody asks the store or the endpoint for anything any more',
  );
  gate.before = () => {};
  return took;
}
