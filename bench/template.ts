import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minePairs } from '../activities/synthesize/rules/mine.ts';
import type { Bench, Findings, Settings } from './bench.ts';
import { type Contender, compare } from './harness.ts';
import { runReporting } from './process.ts';
import { outcomeOf } from './record.ts';
import { withScratch } from './scratch.ts';
import { aligned } from './table.ts';
import { sourceTexts } from './texts.ts';

const MB = 1e6;
const PASSES = 10;
/** Texts in a chain. */
const TEXTS = 3;
const LIMIT_MS = 10 * 60_000;

/** How fast chains become documents, beside a script with one fixed format string. */
export const template: Bench = {
  name: 'template',
  about: 'chains of the corpus, pairs of the rules, as documents: this package, a format string in Python',
  runs: 5,
  run: (settings) => withScratch((folder) => measure(folder, settings)),
};

async function measure(folder: string, { runs, dist, vs, note, signal }: Settings): Promise<Findings> {
  const { from, texts } = await sourceTexts();
  const examples = texts
    .map(({ text }) => ({ context: text, pairs: minePairs(text) }))
    .filter(({ pairs }) => pairs.length > 0);
  const file = join(folder, 'chains.jsonl');
  const chains: string[] = [];
  for (let i = 0; i < examples.length; i += TEXTS) {
    chains.push(JSON.stringify({ id: `chain-${i}`, examples: examples.slice(i, i + TEXTS) }));
  }
  writeFileSync(file, chains.map((chain) => `${chain}\n`).join(''));
  const contender = (name: string, program: string, ...args: string[]): Contender => ({
    name,
    run: () => runReporting(program, args, { signal, limitMs: LIMIT_MS }),
  });
  const ours = (name: string, build: string): Contender =>
    contender(name, process.execPath, script('template_ours.mjs'), build, file, `${PASSES}`);
  const contenders = [
    ours('instruct-lake', dist),
    ...(vs === undefined ? [] : [ours('other build', vs)]),
    contender('format string, Python', 'python3', script('template_format.py'), file, `${PASSES}`),
  ];
  const comparison = await compare(contenders, { runs, note: (line) => note(`template: ${line}`) });
  const input = { texts: from, chains: chains.length };
  const outcome = outcomeOf('template', { name: 'chains', input, comparison });
  const rows = comparison.contenders.map(({ name, runs, costs }, i) => {
    const mb = (runs[0]?.outputBytes ?? 0) / MB;
    const ratio = comparison.ratios[i - 1]?.costs.workSeconds?.median;
    return [
      name,
      mb.toFixed(1),
      (mb / (costs.workSeconds?.median ?? Number.NaN)).toFixed(0),
      ratio?.toFixed(2) ?? '',
    ];
  });
  const table = [
    `template: ${chains.length} chains of ${TEXTS} texts of the ${from}; one thread, CPU time`,
    ...aligned([['', 'MB of text', 'MB/s', 'our time / its'], ...rows]),
  ].join('\n');
  return { outcomes: [{ ...outcome, table }], versions: {} };
}

const script = (name: string): string => fileURLToPath(new URL(`contenders/${name}`, import.meta.url));
