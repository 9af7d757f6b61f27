// tier: readers — verdicts of the Gopher rules on the real corpus, as it is and spoilt in eight ways, beside those of datatrove's filters
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { gopherQuality } from '../../activities/scan/quality/gopher-quality.ts';
import { gopherRepetition } from '../../activities/scan/quality/gopher-repetition.ts';
import { type Rule, readText } from '../../activities/scan/quality/rule.ts';
import { quality } from '../../lake/spec/quality.ts';
import { caseFor, PYTHON } from '../readers/published.ts';
import { DATA, must, run, scratch, skip } from './lib.ts';
import { corpusTexts } from './parts/mined-corpus.ts';

if (DATA === undefined) skip('no real data beside the checkout, nor where INSTRUCT_LAKE_DATA says');
if (PYTHON === undefined)
  skip('INSTRUCT_LAKE_PYTHON names no Python with the readers; test/readers/run.sh does');

/** One of so many texts is looked at. */
const EVERY = 4;
const { gopherQuality: paper, gopherRepetition: repetition } = quality.parse({
  gopherQuality: true,
  gopherRepetition: true,
});
if (paper === undefined || repetition === undefined) throw new Error('NOT SO: both rules are asked for');
const RULES: Readonly<Record<string, Rule>> = {
  quality: gopherQuality(paper),
  'quality without letters': gopherQuality({ ...paper, minAlphabeticWords: 0 }),
  repetition: gopherRepetition(repetition),
};
/** What both must say alike at least. */
const LEAST = {
  'as it is': { quality: 0.9, 'quality without letters': 0.995, repetition: 0.995 },
  spoilt: { quality: 0.84, 'quality without letters': 0.95, repetition: 0.95 },
};

/** Ways to spoil a text, more or less by its number, so that thresholds are met from both sides. */
const WAYS: readonly ((text: string, i: number) => string)[] = [
  (text, i) => `${text}\n${text.slice(0, Math.floor((text.length * (i % 30)) / 100))}`,
  (text, i) => sentences(text, (each, n, of) => (n < of * (0.8 + (i % 20) / 100) ? `- ${each}` : each)),
  (text, i) => sentences(text, (each, n, of) => (n < of * (0.2 + (i % 20) / 100) ? `${each}...` : each)),
  (text, i) => words(text, (each, n) => (n % (7 + (i % 7)) === 0 ? `# ${each}` : each)),
  (text, i) => words(text, (each, n) => (n % (4 + (i % 4)) === 0 ? String(100 + n) : each)),
  (text, i) =>
    text
      .split(' ')
      .slice(0, 40 + (i % 20))
      .join(' '),
  (text, i) => sentences(text, (each, n) => (n % 10 < 1 + (i % 6) ? 'See the other page.' : each)),
  (text, i) =>
    words(text, (each) => (/^(the|be|to|of|and|that|have|with)$/i.test(each) ? (i % 2 ? 'x' : 'The') : each)),
];
function words(text: string, change: (word: string, n: number) => string): string {
  return text.split(' ').map(change).join(' ');
}
function sentences(text: string, change: (line: string, n: number, of: number) => string): string {
  const lines = text.split(/\n+|(?<=\.) /).filter((line) => line.trim() !== '');
  return lines.map((line, n) => change(line, n, lines.length)).join('\n');
}

const folder = scratch('gopher');
const texts = (await corpusTexts(join(DATA, 'corpus'))).filter(({ row }) => row % EVERY === 0);
const file = join(folder, 'texts.jsonl');
const out = createWriteStream(file);
let spent = 0;
for (const [i, { text }] of texts.entries()) {
  const spoilt = (WAYS[i % WAYS.length] as (typeof WAYS)[number])(text, Math.floor(i / WAYS.length));
  for (const [kind, each] of [
    ['as it is', text],
    ['spoilt', spoilt],
  ] as const) {
    const from = performance.now();
    const verdicts = Object.fromEntries(
      Object.entries(RULES).map(([name, rule]) => [name, rule(readText(each))?.threshold ?? 'passes']),
    );
    spent += performance.now() - from;
    if (!out.write(`${JSON.stringify({ kind, text: each, verdicts })}\n`)) await once(out, 'drain');
  }
}
out.end();
await finished(out);
console.log(`  ${texts.length * 2} texts: ${(spent / 1000).toFixed(1)} s here`);
const { code, stderr, seconds } = await run(
  PYTHON,
  caseFor('gopher.py', folder, { texts: file, least: LEAST }),
  {
    echo: true,
  },
);
console.log(`  and ${seconds.toFixed(1)} s there`);
must(code === 0, `both agree as far as their words do${code === 0 ? '' : `:\n${stderr}`}`);
