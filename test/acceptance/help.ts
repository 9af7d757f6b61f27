// tier: ci — every command has a quick --help with examples, and wrong usage ends with exit code 2
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CLI, lake, must, scratch } from './lib.ts';

/** What it should take on a free machine; printed beside what it took. */
const TARGET_SECONDS = 0.3;
/** What it may take on a busy one: a command that loads an SDK for its help takes longer. */
const LIMIT_SECONDS = 1.5;
const TIMES = 5;

must(existsSync(CLI), 'the command is built');
const folder = scratch('help');
const top = await lake(['--help']);
must(top.code === 0 && top.stderr === '', '--help exits 0 and writes to stdout alone');
must(/Examples:\n {2}instruct-lake \S/.test(top.stdout), '--help has examples');
must(/Exit codes: 0 done, 1 failed, 2 usage/.test(top.stdout), '--help says what the exit codes mean');

const commands = await commandsOf([]);
const wanted = [
  'quickstart',
  'up',
  'down',
  'worker',
  'endpoint',
  'import',
  'ingest',
  'status',
  'verify',
  'drops',
  'ledger',
  'pause',
  'set-concurrency',
];
const missing = [...wanted, 'doctor', 'spec', 'spec schema'].filter((name) => !commands.includes(name));
must(missing.length === 0, `the ${commands.length} commands are there: ${commands.join(', ')}`);
for (const name of commands) {
  const words = name.split(' ');
  const { code, stdout, stderr } = await lake([...words, '--help']);
  const example = new RegExp(`Examples?:\\n(  .*\\n)*  instruct-lake ${name}\\b`);
  if (code !== 0 || stderr !== '' || !example.test(stdout))
    throw new Error(`NOT SO: ${name} --help exits 0 (${code}) with an example:\n${stdout}${stderr}`);
  const needs =
    name === 'templates preview' ? '--pairs' : ['import', 'remix', 'export'].includes(name) ? '--to' : '';
  const required = needs === '' ? [] : [needs, 'x'];
  await mustBeUsage([...words, ...required, '--no-such-option'], /unknown option '--no-such-option'/);
}
must(true, 'each has a --help with an example of itself, and refuses an unknown option with exit code 2');

await mustBeUsage(['quickstrat'], /unknown command 'quickstrat'[\s\S]*quickstart/);
await mustBeUsage(['ingest'], /missing required argument 'spec'/);
await mustBeUsage(['import', 'x.parquet'], /required option '--to <prefix>'/);
await mustBeUsage(['status', 'biomed'], /BadUsage: "biomed" is not a run/);
await mustBeUsage(['ingest', join(folder, 'none.json')], /there is no such file/);
must(true, 'an unknown command is answered with the nearest one; what is missing is named; exit code 2');

const spec = join(folder, 'spec.json');
writeFileSync(spec, JSON.stringify({ domain: 'Bio Med', inptu: {}, tokenizer: 'default' }));
const problems = /domain: [\s\S]*sequenceLength: is missing[\s\S]*inptu: unknown key.*input/;
await mustBeUsage(['ingest', spec], problems);
await mustBeUsage(['spec', 'check', spec], problems);
writeFileSync(spec, '{ "domain": ');
await mustBeUsage(['ingest', spec], /neither JSON nor YAML/);
must(
  true,
  'a spec that is not valid is refused with all its problems before any server is asked; exit code 2',
);

const times: number[] = [];
for (let i = 0; i < TIMES; i++) times.push((await lake(['--help'])).seconds);
const median = times.sort((a, b) => a - b)[Math.floor(TIMES / 2)] ?? Number.NaN;
must(
  median < LIMIT_SECONDS,
  `--help takes ${median.toFixed(2)} s, the median of ${TIMES} (the target on a free machine is ${TARGET_SECONDS} s)`,
);

/** The commands that a help lists, and the commands of those. */
async function commandsOf(words: readonly string[]): Promise<string[]> {
  const { stdout } = await lake([...words, '--help']);
  const [, list = ''] = /\nCommands:\n((?: .*\n)+)/.exec(stdout) ?? [];
  const names = [...list.matchAll(/^ {2}([a-z]\S*)/gm)].map(([, name = '']) => name);
  const all: string[] = [];
  for (const name of names.filter((each) => each !== 'help')) {
    all.push([...words, name].join(' '), ...(await commandsOf([...words, name])));
  }
  return all;
}

async function mustBeUsage(args: readonly string[], says: RegExp): Promise<void> {
  const { code, stdout, stderr } = await lake(args, { cwd: folder });
  if (code !== 2 || stdout !== '' || !says.test(stderr))
    throw new Error(`NOT SO: ${args.join(' ')} exits 2 (${code}) and says ${says}:\n${stdout}${stderr}`);
}
