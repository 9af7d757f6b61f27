import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { sampleTokenizerPath } from '../client/sample/index.ts';
import { openStream } from '../lake/random.ts';
import type { Bench, Findings, Outcome, Settings } from './bench.ts';
import { type Comparison, type Contender, compare } from './harness.ts';
import { obtainPeer, type Peer } from './peer.ts';
import { runReporting } from './process.ts';
import { outcomeOf } from './record.ts';
import { withScratch } from './scratch.ts';
import { aligned } from './table.ts';
import { DATA, sourceTexts } from './texts.ts';

const MB = 1e6;
const LIMIT_MS = 10 * 60_000;

/** Text → ids: this package, Hugging Face's tokenizers, datatrove's step, Gigatoken. */
export const tokenize: Bench = {
  name: 'tokenize',
  about: 'text to ids, cold and warm, one thread and two: this package, tokenizers, datatrove, Gigatoken',
  runs: 3,
  run: (settings) => withScratch((folder) => measureAll(folder, settings)),
};

async function measureAll(folder: string, settings: Settings): Promise<Findings> {
  const { note, signal } = settings;
  const found = await obtainPeer('tokenize', note, signal);
  const peer = 'missing' in found ? undefined : found;
  if ('missing' in found) note(`the peers are missing, so there are no figures for them: ${found.missing}`);
  const outcomes: Outcome[] = [];
  for (const { name: from, texts } of await corpora()) {
    // Half of the texts warm up what the other half is measured with.
    const shuffled = shuffle(texts).slice(0, settings.texts * 2);
    const half = shuffled.length >> 1;
    const files = { warm: join(folder, `${from}-warm.jsonl`), texts: join(folder, `${from}.jsonl`) };
    write(files.warm, shuffled.slice(half));
    write(files.texts, shuffled.slice(0, half));
    for (const [name, file] of tokenizers()) {
      const bytes = shuffled.slice(0, half).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
      const input = {
        tokenizer: name,
        texts: from,
        documents: half,
        textMb: Number((bytes / MB).toFixed(2)),
      };
      const contenders = contendersOf(file, files, peer, settings);
      const comparison = await compare(contenders, {
        runs: settings.runs,
        note: (line) => note(`tokenize, ${name} on ${from}: ${line}`),
      });
      const outcome = outcomeOf('tokenize', { name: `${name} on ${from}`, input, comparison });
      outcomes.push({ ...outcome, table: tableOf(input, comparison, bytes) });
    }
  }
  return { outcomes, versions: peer?.versions ?? {} };
}

function contendersOf(
  tokenizer: string,
  { warm, texts }: { warm: string; texts: string },
  peer: Peer | undefined,
  { dist, vs, signal }: Settings,
): Contender[] {
  const options = { signal, limitMs: LIMIT_MS };
  const ours = (build: string, name: string, how: string, threads: number): Contender => ({
    name: `${name}, ${how}, ${threads}`,
    run: () =>
      runReporting(
        process.execPath,
        [script('tokenize_ours.mjs'), build, tokenizer, warm, texts, how, `${threads}`],
        options,
      ),
  });
  const python = (name: string, program: string, how: string, threads: number): Contender[] =>
    peer === undefined
      ? []
      : [
          {
            name: `${name}, ${how}, ${threads}`,
            run: () =>
              runReporting(
                peer.python,
                [script('tokenize_peers.py'), program, tokenizer, warm, texts, how, `${threads}`],
                options,
              ),
          },
        ];
  const ways = [1, 2].flatMap((threads) => ['cold', 'warm', 'again'].map((how) => [how, threads] as const));
  return [
    ...ways.map(([how, threads]) => ours(dist, 'instruct-lake', how, threads)),
    ...(vs === undefined ? [] : ways.map(([how, threads]) => ours(vs, 'other build', how, threads))),
    ...ways.flatMap(([how, threads]) => python('Gigatoken', 'gigatoken', how, threads)),
    // Without a table of words a second pass is as the first.
    ...[1, 2].flatMap((threads) => python('tokenizers', 'hf', 'warm', threads)),
    ...python('datatrove', 'datatrove', 'cold', 1),
  ];
}

/** MB of text a second, and how many times as fast ours is as each peer in the same state on as many threads: medians (least–most). */
function tableOf(
  input: Record<string, string | number>,
  { contenders, digest }: Comparison,
  bytes: number,
): string {
  const seconds = new Map(
    contenders.map(({ name, runs }) => [name, runs.map(({ workSeconds = Number.NaN }) => workSeconds)]),
  );
  const rows = contenders.map(({ name, costs }) => {
    const [, how = '', threads = ''] = /, (\w+), (\d+)$/.exec(name) ?? [];
    const own = seconds.get(`instruct-lake, ${how}, ${threads}`) ?? [];
    const ratios = (seconds.get(name) ?? [])
      .map((each, i) => each / (own[i] ?? Number.NaN))
      .sort((a, b) => a - b);
    const [least, middle, most] = [0, (ratios.length - 1) >> 1, ratios.length - 1].map((i) => ratios[i] ?? 0);
    const times = name.startsWith('instruct-lake')
      ? ''
      : `${middle?.toFixed(2)} (${least?.toFixed(2)}–${most?.toFixed(2)})`;
    return [name, (bytes / MB / (costs.workSeconds?.median ?? Number.NaN)).toFixed(1), times];
  });
  const facts = Object.entries(input).map(([key, value]) => `${key} ${value}`);
  return [
    `tokenize: ${facts.join(', ')}; CPU time by one thread, wall time by two; state and threads behind the name`,
    `the same ids (${digest.slice(0, 16)}); ${contenders[0]?.runs.length} runs each`,
    ...aligned([['', 'MB/s', 'instruct-lake is × as fast'], ...rows]),
  ].join('\n');
}

/** The real corpus, and general text beside it where it is there; else the sample. */
async function corpora(): Promise<{ name: string; texts: string[] }[]> {
  const { from, texts } = await sourceTexts();
  const all = [{ name: from as string, texts: texts.map(({ text }) => text) }];
  const path = join(DATA, 'instructions/t0.parquet');
  if (!existsSync(path)) return all;
  const file = await asyncBufferFromFile(path);
  const rows = await parquetReadObjects({ file, columns: ['instruction', 'response'], compressors });
  return [...all, { name: 'general', texts: rows.map((row) => `${row.instruction}\n${row.response}`) }];
}

function tokenizers(): [string, string][] {
  const known = ['gpt2', 'openllama'].map((name): [string, string] => [
    name,
    join(DATA, `tokenizers/${name}.json`),
  ]);
  const there = known.filter(([, file]) => existsSync(file));
  return there.length > 0 ? there : [['sample', sampleTokenizerPath()]];
}

function shuffle(texts: readonly string[]): string[] {
  const random = openStream('bench', 'tokenize', 'order');
  const all = [...texts];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [all[i], all[j]] = [all[j] as string, all[i] as string];
  }
  return all;
}

const write = (file: string, texts: readonly string[]): void =>
  writeFileSync(file, texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
const script = (name: string): string => fileURLToPath(new URL(`contenders/${name}`, import.meta.url));
