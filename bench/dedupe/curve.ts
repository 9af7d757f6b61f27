import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSignature, signaturePayload } from '../../activities/dedupe/records.ts';
import { BANDS, bandKey, ROWS, signatureOf, VALUES } from '../../activities/dedupe/signature.ts';
import { normaliseForDedupe } from '../../lake/unicode/normalise.ts';
import type { Outcome, Settings } from '../bench.ts';
import type { Peer } from '../peer.ts';
import { runProcess } from '../process.ts';
import { round } from '../record.ts';
import { aligned } from '../table.ts';
import type { Text } from '../texts.ts';
import { curvePlot } from './curve-plot.ts';
import { type Found, figuresOf, meanOf, type Pair, type Signed } from './figures.ts';
import { jaccard, shingleSets } from './jaccard.ts';
import { type Document, plantedDocuments, SPELLINGS, spelled } from './planted.ts';

const DOCUMENTS = 20_000;
const THRESHOLD = 0.75;
/** Words that documents are drawn from: so many that no two groups have a shingle in common but by a wonder. */
const VOCABULARY = 20_000;
const PLOT = fileURLToPath(new URL('../../docs/dedupe-curve.svg', import.meta.url));

/** How well signatures find planted near-duplicates, beside theory and beside Rensa's with as many values and the same bands. */
export async function measureCurve(
  folder: string,
  texts: readonly Text[],
  peer: Peer | undefined,
  { note, signal }: Settings,
): Promise<Outcome> {
  note('planted: making documents');
  const vocabulary = wordsOf(texts);
  const { documents, group } = plantedDocuments(DOCUMENTS, vocabulary.length);
  note('planted: exact similarities');
  const { pairs, sizes } = pairsOf(documents, group);
  const own: Found[] = [];
  const rensa: Found[] = [];
  for (let spelling = 0; spelling < SPELLINGS; spelling++) {
    note(`planted: signatures, ${spelling + 1} of ${SPELLINGS}`);
    const planted = spelled(documents, vocabulary, spelling);
    own.push(figuresOf(sign(planted), pairs, THRESHOLD));
    if (peer === undefined) continue;
    rensa.push(figuresOf(await signByRensa(folder, planted, peer, signal), pairs, THRESHOLD));
  }
  const all: [string, Found[]][] = [
    ['instruct-lake', own],
    ...(peer ? [['Rensa, 112', rensa] as [string, Found[]]] : []),
  ];
  const found = all.map(([name, each]): [string, Found] => [name, meanOf(each)]);
  writeFileSync(PLOT, curvePlot(found, THRESHOLD));
  const quantile = (values: Uint32Array, share: number): number =>
    values[Math.round((values.length - 1) * share)] ?? 0;
  const shingles = Object.fromEntries(
    [0, 0.25, 0.5, 0.75, 1].map((share) => [`${share * 100} %`, quantile(sizes, share)]),
  );
  const input = {
    documents: documents.length,
    group,
    pairs: pairs.length,
    vocabulary: vocabulary.length,
    spellings: SPELLINGS,
  };
  return {
    name: 'planted',
    table: tableOf(input, shingles, found),
    record: {
      input: { ...input, threshold: THRESHOLD, distinctShingles: shingles },
      contenders: all.map(([name, each]) => ({
        name,
        ...rounded(meanOf(each)),
        spellings: each.map(({ recall, precision }) => ({
          recall: round(recall),
          precision: round(precision),
        })),
      })),
    },
  };
}

/** Words of letters alone, each once, in the order in which they come first. */
function wordsOf(texts: readonly Text[]): string[] {
  const words = new Set<string>();
  for (const { text } of texts) {
    for (const [word] of text.toLowerCase().matchAll(/(?<![\w-])[a-z]{2,}(?![\w-])/g)) {
      words.add(word);
      if (words.size === VOCABULARY) return [...words];
    }
  }
  return [...words];
}

/** All pairs within the groups with their exact similarity, and how many distinct shingles the documents have, sorted. */
function pairsOf(documents: readonly Document[], group: number): { pairs: Pair[]; sizes: Uint32Array } {
  const pairs: Pair[] = [];
  const sizes = new Uint32Array(documents.length);
  for (let start = 0; start < documents.length; start += group) {
    const sets = shingleSets(documents.slice(start, start + group));
    for (const [i, a] of sets.entries()) {
      sizes[start + i] = a.length;
      for (const [k, b] of sets.slice(0, i).entries()) {
        pairs.push({ a: start + k, b: start + i, jaccard: jaccard(a, b) });
      }
    }
  }
  return { pairs, sizes: sizes.sort() };
}

/** As scan and dedupe do it: bands by their keys, values as they are kept. */
function sign(texts: readonly string[]): Signed {
  const values = new Uint16Array(texts.length * VALUES);
  const keys: string[] = [];
  for (const [i, text] of texts.entries()) {
    const signature = signatureOf(normaliseForDedupe(text));
    if (signature === undefined) throw new RangeError('a planted document is too short for a signature');
    readSignature(signaturePayload(signature), values, i * VALUES);
    for (let band = 0; band < BANDS; band++) keys.push(bandKey(signature, band).toString(36));
  }
  return { values, keys };
}

/** Rensa's values, all 32 bits of them; a band is the same where all eight are. */
async function signByRensa(
  folder: string,
  texts: readonly string[],
  { python }: Peer,
  signal: AbortSignal,
): Promise<Signed> {
  const file = join(folder, 'planted.jsonl');
  const out = join(folder, 'planted.digests');
  writeFileSync(file, texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
  const script = fileURLToPath(new URL('../contenders/digests_rensa.py', import.meta.url));
  await runProcess(python, [script, file, `${VALUES}`, out], { signal });
  const bytes = readFileSync(out);
  const values = Uint32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32LE(i * 4));
  const keys = Array.from({ length: values.length / ROWS }, (_, i) =>
    values.subarray(i * ROWS, (i + 1) * ROWS).join(),
  );
  return { values, keys };
}

const percent = (value: number): string => (value * 100).toFixed(1);

function tableOf(
  input: Record<string, number>,
  shingles: Record<string, number>,
  found: readonly [string, Found][],
): string {
  const [first] = found;
  const steps = first?.[1].steps ?? [];
  const rows = steps.map(({ jaccard, pairs, theory, error }, i) => [
    jaccard.toFixed(3),
    `${pairs}`,
    percent(theory),
    `±${percent(error)}`,
    ...found.map(([, figures]) => percent(figures.steps[i]?.met ?? 0)),
  ]);
  const most = (figures: Found): string =>
    percent(Math.max(...figures.steps.map(({ met, theory }) => Math.abs(met - theory))));
  const facts = Object.entries(input).map(([key, value]) => `${key} ${value}`);
  return [
    `dedupe, planted: ${facts.join(', ')}`,
    `distinct shingles: ${Object.entries(shingles)
      .map(([share, size]) => `${share} ${size}`)
      .join(', ')}`,
    ...aligned([
      ['Jaccard', 'pairs', 'theory %', 'std error', ...found.map(([name]) => `${name} %`)],
      ...rows,
    ]),
    ...found.map(
      ([name, figures]) =>
        `  ${name}: at most ${most(figures)} points from theory; at ${THRESHOLD} recall ${percent(figures.recall)} %, precision ${percent(figures.precision)} % of ${Math.round(figures.predicted)} pairs (${figures.strangers} of strangers); estimate off by ${figures.deviation.toFixed(4)}, bias ${figures.bias.toFixed(4)}`,
    ),
  ].join('\n');
}

/** Every number to the digits that the record keeps. */
const rounded = (figures: Found): Found =>
  JSON.parse(
    JSON.stringify(figures, (_, value: unknown) => (typeof value === 'number' ? round(value) : value)),
  ) as Found;
