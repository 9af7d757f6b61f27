import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Findings, Outcome, Settings } from './bench.ts';
import { startEndpoint } from './endpoint/process.ts';
import { OutputsDiffer } from './harness.ts';
import { obtainPeer } from './peer.ts';
import { runProcess } from './process.ts';
import { withScratch } from './scratch.ts';
import { shardsDigest } from './shards-digest.ts';
import { type Figures, figuresOf } from './synthesis/figures.ts';
import { openScene, type Scene } from './synthesis/scene.ts';
import { inShort, type Measured, outcomeOf } from './synthesis/table.ts';
import { chainsOf, filesOf, synthesisTexts } from './synthesis/texts.ts';

/** Texts of a file, which is a partition: 100 of them in a run of 20,000. */
const FILE_TEXTS = 200;
const ROUNDS = 2;
/** Requests that a client may have in flight: four times what the endpoint works on at once, which it does not know. */
const IN_FLIGHT = 256;
const LIMIT_MS = 60 * 60_000;

/** One way to have every text of the corpus answered, its second rounds with what the first ones gave. */
interface Contender {
  name: string;
  /** CPU seconds of what asks, where they can be told; and what stands for all that was made of the answers. */
  ask: (endpoint: {
    url: string;
    model: string;
  }) => Promise<{ cpuSeconds?: number | undefined; made?: string }>;
  /** It may end before its work is done: that is told instead of figures. */
  mayFail?: boolean;
}

/** The rounds of a whole run against an endpoint of known capacity, plain undici and datatrove beside it. */
export const synthesis: Bench = {
  name: 'synthesis',
  about: 'two rounds over --texts against a simulated endpoint: this package, plain undici, datatrove',
  runs: 1,
  run: (settings) => withScratch((folder) => measureAll(folder, settings)),
};

async function measureAll(folder: string, settings: Settings): Promise<Findings> {
  const { texts, scenarios, runs, note, signal } = settings;
  const files = filesOf(synthesisTexts(texts), FILE_TEXTS);
  const chains = join(folder, 'chains.jsonl');
  writeFileSync(
    chains,
    files
      .flatMap(chainsOf)
      .map((chain) => `${JSON.stringify(chain)}\n`)
      .join(''),
  );
  const peer = await obtainPeer('synthesis', note, signal);
  if ('missing' in peer) note(`datatrove is missing, so there is no figure for it: ${peer.missing}`);
  const state = join(folder, 'state');
  mkdirSync(state);
  const scene = await openScene(state, files, note, signal);
  try {
    const contenders = [
      raw(chains, signal),
      ...ours(scene, state, settings),
      ...('missing' in peer ? [] : [datatrove(peer.python, chains, folder, signal)]),
    ];
    const outcomes: Outcome[] = [];
    const reference: Reference = { digest: undefined, made: undefined };
    for (const scenario of scenarios) {
      const measured: Measured[] = contenders.map(({ name }) => ({ name, runs: [] }));
      for (let run = 1; run <= runs; run++) {
        for (const [i, contender] of contenders.entries()) {
          note(`synthesis, ${scenario}: ${contender.name}, ${run} of ${runs}`);
          const figures = await measure(scenario, contender, texts, reference);
          measured[i]?.runs.push(figures);
          note(`  ${'failed' in figures ? figures.failed : inShort(figures)}`);
        }
      }
      const input = { texts, partitions: files.length, rounds: ROUNDS, inFlight: IN_FLIGHT };
      outcomes.push(outcomeOf(scenario, input, measured, reference.digest ?? ''));
    }
    return { outcomes, versions: 'missing' in peer ? {} : { datatrove: peer.versions.datatrove ?? '' } };
  } finally {
    await scene.close();
  }
}

interface Reference {
  digest: string | undefined;
  made: string | undefined;
}

/** One contender against a new endpoint. Throws OutputsDiffer when other prompts were answered than in the runs before. */
async function measure(
  scenario: string,
  { name, ask, mayFail = false }: Contender,
  texts: number,
  reference: Reference,
): Promise<Figures | { failed: string }> {
  const endpoint = await startEndpoint(scenario);
  try {
    const { url, settings } = endpoint;
    const { cpuSeconds, made } = await ask({ url, model: settings.model });
    const statistics = await endpoint.statistics();
    reference.digest ??= statistics.digest;
    if (made !== undefined) reference.made ??= made;
    if (statistics.digest !== reference.digest || (made !== undefined && made !== reference.made)) {
      const before = `${reference.digest}, ${reference.made}`;
      throw new OutputsDiffer(
        `other prompts were answered, or other shards made, so no figures are given:\n  ${name}, ${scenario}: ${statistics.digest}, ${made}\n  before: ${before}`,
      );
    }
    if (statistics.answered < texts) {
      throw new Error(`${name}, ${scenario}: ${statistics.answered} answers to ${texts} texts`);
    }
    return figuresOf(statistics, settings, cpuSeconds);
  } catch (error) {
    if (!mayFail || error instanceof OutputsDiffer || !(error instanceof Error)) throw error;
    const { answered } = await endpoint.statistics();
    const why = error.message.trim().split('\n').at(-1)?.slice(0, 160);
    return { failed: `ended after ${answered} answers: ${why}` };
  } finally {
    await endpoint.stop();
  }
}

const script = (name: string): string => fileURLToPath(new URL(`contenders/${name}`, import.meta.url));

/** Holds all slots full with the least that there is: what the endpoint can give in this run. */
function raw(chains: string, signal: AbortSignal): Contender {
  return {
    name: 'plain undici',
    ask: ({ url, model }) =>
      reported(process.execPath, [script('raw_undici.mjs'), url, model, `${IN_FLIGHT}`, chains], signal),
  };
}

function datatrove(python: string, chains: string, folder: string, signal: AbortSignal): Contender {
  let run = 0;
  return {
    name: 'datatrove',
    ask: ({ url, model }) => {
      const own = join(folder, `datatrove-${run++}`);
      const args = [script('datatrove_inference.py'), url, model, `${IN_FLIGHT}`, chains, own];
      return reported(python, args, signal);
    },
    mayFail: true,
  };
}

function ours(scene: Scene, state: string, { dist, vs, signal }: Settings): Contender[] {
  let run = 0;
  const contender = (name: string, build: string, workers: number): Contender => ({
    name,
    ask: async ({ url }) => {
      const domain = `synthesis-${run++}`;
      const options = {
        domain,
        dist: build,
        endpoint: url,
        concurrency: IN_FLIGHT,
        workers,
        rounds: ROUNDS,
        signal,
      };
      const { cpuSeconds } = await scene.run(options);
      return { cpuSeconds, made: await shardsDigest(join(state, 's3', 'lake'), domain) };
    },
  });
  return [
    contender('instruct-lake', dist, 1),
    contender('instruct-lake, two workers', dist, 2),
    ...(vs === undefined ? [] : [contender('other build', vs, 1)]),
  ];
}

/** CPU seconds as a contender's last line tells them: of its work, its start left out. */
async function reported(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ cpuSeconds: number }> {
  const { stdout } = await runProcess(command, args, { signal, limitMs: LIMIT_MS, sampleMs: 1000 });
  const { cpuSeconds } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { cpuSeconds: number };
  return { cpuSeconds };
}
