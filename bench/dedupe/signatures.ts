import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome, Settings } from '../bench.ts';
import { type Comparison, type Contender, compare } from '../harness.ts';
import type { Peer } from '../peer.ts';
import { runReporting } from '../process.ts';
import { outcomeOf } from '../record.ts';
import { aligned } from '../table.ts';
import type { Texts } from '../texts.ts';

const MB = 1e6;
/** Passes over the texts in one process: the fast ones would be over before their time can be told. */
const PASSES = { ours: 20, rensa: 3 };
const LIMIT_MS = 30 * 60_000;

/** Signatures of the same texts by this package, Rensa and datatrove, one thread each. */
export async function measureSignatures(
  folder: string,
  { from, texts }: Texts,
  peer: Peer | undefined,
  { runs, dist, vs, note, signal }: Settings,
): Promise<Outcome> {
  const file = join(folder, 'texts.jsonl');
  writeFileSync(file, texts.map(({ text }) => `${JSON.stringify(text)}\n`).join(''));
  const options = { signal, limitMs: LIMIT_MS };
  const node = (name: string, build: string, form: string): Contender => ({
    name,
    run: () =>
      runReporting(
        process.execPath,
        [script('signatures_ours.mjs'), build, file, form, `${PASSES.ours}`],
        options,
      ),
  });
  const python = (name: string, ...[program = '', ...args]: string[]): Contender[] =>
    peer === undefined
      ? []
      : [{ name, run: () => runReporting(peer.python, [script(program), file, ...args], options) }];
  const rensa = (name: string, permutations: number, how: string): Contender[] =>
    python(name, 'signatures_rensa.py', `${permutations}`, how, `${PASSES.rensa}`);
  const contenders = [
    node('instruct-lake, folding included', dist, 'raw'),
    node('instruct-lake, of folded texts', dist, 'folded'),
    ...(vs === undefined ? [] : [node('other build, folding included', vs, 'raw')]),
    ...rensa('Rensa, 128', 128, 'list'),
    ...rensa('Rensa, 112', 112, 'list'),
    ...rensa('Rensa, 112, shingles by zip', 112, 'zip'),
    ...rensa('Rensa, 112, shingles there already', 112, 'ready'),
    ...python('datatrove, 14 × 8', 'signatures_datatrove.py'),
  ];
  const comparison = await compare(contenders, { runs, note: (line) => note(`signatures: ${line}`) });
  const bytes = texts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const input = { texts: from, documents: texts.length, textMb: Number((bytes / MB).toFixed(2)) };
  const outcome = outcomeOf('dedupe', { name: 'signatures', input, comparison });
  return { ...outcome, table: signatureTable(input, comparison, bytes) };
}

/** MB of text for each CPU second, and how many times as fast both of ours are: medians, with the range of the pairs of runs. */
function signatureTable(
  input: Record<string, string | number>,
  { contenders, digest }: Comparison,
  bytes: number,
): string {
  const seconds = contenders.map(({ runs }) => runs.map(({ workSeconds = Number.NaN }) => workSeconds));
  const [whole = [], folded = []] = seconds;
  const times = (others: readonly number[], own: readonly number[]): string => {
    const ratios = others.map((each, i) => each / (own[i] ?? Number.NaN)).sort((a, b) => a - b);
    const [least, middle, most] = [0, (ratios.length - 1) >> 1, ratios.length - 1].map((i) => ratios[i] ?? 0);
    return `${middle?.toFixed(1)} (${least?.toFixed(1)}–${most?.toFixed(1)})`;
  };
  const rows = contenders.map(({ name, costs }, i) => [
    name,
    (bytes / MB / (costs.workSeconds?.median ?? Number.NaN)).toFixed(1),
    i === 0 ? '' : times(seconds[i] ?? [], whole),
    i === 1 ? '' : times(seconds[i] ?? [], folded),
  ]);
  const facts = Object.entries(input).map(([key, value]) => `${key} ${value}`);
  return [
    `dedupe, signatures: ${facts.join(', ')}; one thread, CPU time`,
    `the same texts (${digest.slice(0, 16)}); ${whole.length} runs each: median (min–max)`,
    ...aligned([['', 'MB/s', '× folding included', '× of folded texts'], ...rows]),
  ].join('\n');
}

const script = (name: string): string => fileURLToPath(new URL(`../contenders/${name}`, import.meta.url));
