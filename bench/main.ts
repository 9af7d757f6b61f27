// npm run bench [-- NAME…]: runs benches by hand, prints tables, and appends the figures to bench/results/.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { INTERRUPTED, watchLifetime } from '../client/stack/lifetime.ts';
import type { Bench } from './bench.ts';
import { distOf, newerSource } from './build.ts';
import { dedupe } from './dedupe.ts';
import { OutputsDiffer } from './harness.ts';
import { parquetRead } from './parquet-read.ts';
import { quickstart } from './quickstart.ts';
import { appendRecords, type Circumstances, circumstances, watchMachine } from './record.ts';
import { shards } from './shards.ts';
import { synthesis } from './synthesis.ts';
import { template } from './template.ts';
import { tokenize } from './tokenize.ts';

const BENCHES: readonly Bench[] = [parquetRead, quickstart, synthesis, dedupe, template, tokenize, shards];
const CHECKOUT = fileURLToPath(new URL('../', import.meta.url));
const DEFAULT_MB = 64;
const DEFAULT_TEXTS = 20_000;
const DEFAULT_SCENARIOS = 'plain,faults';

const HELP = `npm run bench -- [NAME…] [options]

Benches (all of them when none is named):
${BENCHES.map(({ name, about, runs }) => `  ${name.padEnd(14)} ${about}; ${runs} runs`).join('\n')}

Options:
  --runs N     measured repetitions of each contender, after one that is not measured
  --mb N       text in the generated Parquet files, in 10^6 bytes (${DEFAULT_MB})
  --texts N    texts that the simulated endpoint is asked about (${DEFAULT_TEXTS}; 2000 for a quick look); texts of the corpus
               for dedupe (all, unless there are more; 500 for a quick look)
  --scenarios  what that endpoint does (${DEFAULT_SCENARIOS}), by names of bench/endpoint/settings.json
  --vs DIR     another build, as one more contender: its dist, or the checkout that holds it
  --out DIR    where to append the figures as JSONL (bench/results)
  --help       this text

The built package in dist is measured: run \`npm run build\` first.
Outputs are compared before times: when they differ, the digests are printed, no times, and the exit code is 1.

Examples:
  npm run bench -- parquet-read --mb 250 --runs 5
  npm run bench -- quickstart --vs ../other-checkout
  npm run bench -- synthesis --texts 2000 --scenarios plain
`;

async function main(args: string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      runs: { type: 'string' },
      mb: { type: 'string' },
      texts: { type: 'string' },
      scenarios: { type: 'string' },
      vs: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const chosen = positionals.length === 0 ? BENCHES : positionals.map(benchNamed);
  const runs = values.runs === undefined ? undefined : positive('--runs', values.runs);
  const mb = positive('--mb', values.mb ?? String(DEFAULT_MB));
  const texts = positive('--texts', values.texts ?? String(DEFAULT_TEXTS));
  const scenarios = (values.scenarios ?? DEFAULT_SCENARIOS).split(',');
  const dist = distOf(CHECKOUT);
  const newer = newerSource(CHECKOUT, dist);
  if (newer !== undefined) throw new Error(`${newer} is newer than dist: run \`npm run build\` first`);
  const vs = values.vs === undefined ? undefined : distOf(values.vs);
  const out = values.out ?? fileURLToPath(new URL('results/', import.meta.url));
  let failed = 0;
  for (const bench of chosen) {
    const where = circumstances(CHECKOUT, vs);
    const busyElsewhere = watchMachine();
    try {
      const settings = { runs: runs ?? bench.runs, mb, texts, scenarios, dist, vs, note, signal };
      const { outcomes, versions } = await bench.run(settings);
      for (const { table } of outcomes) console.log(`\n${table}`);
      const busy = busyElsewhere();
      const circumstance: Circumstances = {
        ...where,
        ...(busy !== undefined && { busyElsewhere: busy }),
        versions: { ...where.versions, ...versions },
      };
      appendRecords(out, bench.name, circumstance, outcomes);
      console.log(`\n${lineOf(circumstance)}`);
    } catch (error) {
      if (!(error instanceof OutputsDiffer)) throw error;
      failed++;
      console.error(`${bench.name}: ${error.message}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

function benchNamed(name: string): Bench {
  const bench = BENCHES.find((each) => each.name === name);
  if (bench === undefined)
    throw new Error(
      `no bench ${JSON.stringify(name)}; there are ${BENCHES.map((each) => each.name).join(', ')}`,
    );
  return bench;
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${option} takes a whole number from 1 on`);
  return value;
}

function lineOf({ cpu, cores, commit, dirty, busyElsewhere = 0 }: Circumstances): string {
  const of = `${commit.slice(0, 12)}${dirty ? ' with changes' : ''}`;
  return `${cpu}, ${cores} cores, of which other programs used ${busyElsewhere.toFixed(2)}; commit ${of}`;
}

const note = (line: string): void => console.error(line);

const life = watchLifetime();
try {
  process.exitCode = await main(process.argv.slice(2), life.signal);
} catch (error) {
  if (!life.signal.aborted) console.error(error instanceof Error ? error.message : error);
  process.exitCode = life.signal.aborted ? INTERRUPTED : 2;
} finally {
  life.release();
}
