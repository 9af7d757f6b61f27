// Writes the tables of docs/scale.md anew from what was measured and from the code: node --import tsx bench/scale/page.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Arithmetic, arithmetic, BUCKET_BYTES, decideEnds, SIGNATURE_BYTES } from './arithmetic.ts';
import { type Figures, ratesOf, readFigures, STAGES, type StageName } from './figures.ts';

export const PAGE = new URL('../../docs/scale.md', import.meta.url);

const NAMES: Record<StageName, string> = {
  plan: 'plan',
  scan: 'scan',
  find: 'findDuplicates',
  decide: 'decideDuplicates',
  findNarrow: 'findDuplicates, eight times as many ranges',
  combine: 'combineBuckets',
  findCombined: 'findDuplicates of what was combined',
};

/** A number in three digits or so, with a unit of thousands. */
export function short(value: number, units: readonly string[]): string {
  let left = value;
  let unit = 0;
  while (left >= 999.5 && unit < units.length - 1) {
    left /= 1000;
    unit++;
  }
  const digits = left >= 99.5 || Number.isInteger(left) ? 0 : left >= 9.95 ? 1 : 2;
  return `${Number(left.toFixed(digits))}${units[unit]}`;
}
const bytes = (value: number): string => short(value, [' B', ' KB', ' MB', ' GB', ' TB', ' PB']);
const count = (value: number): string =>
  short(Math.round(value), ['', ' thousand', ' million', ' billion', ' trillion']);
const hours = (value: number): string => `${short(value, [''])} h`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function corpusTable({ corpus, buckets, edges, truth }: Figures): string {
  const { documents, shingles } = corpus;
  const { exact, near, droppedNear, strangers } = truth;
  const share = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
  return [
    table(
      ['what', 'figure'],
      [
        ['documents, text, words', `${count(documents)}, ${bytes(corpus.textBytes)}, ${count(corpus.words)}`],
        ['shingles, different ones (estimated)', `${count(shingles.all)}, ${count(shingles.distinct)}`],
        [
          'of the first 20,000 documents, counted',
          `${count(shingles.sample)}, ${count(shingles.sampleDistinct)}`,
        ],
        ['bucket records; keys that documents share', `${count(buckets.records)}; ${count(buckets.shared)}`],
        [
          'the fullest buckets; those with more than 256',
          `${buckets.largest.slice(0, 3).map(count).join(', ')}; ${buckets.over256}`,
        ],
        ['edges; documents in them', `${count(edges.edges)}; ${count(edges.documents)}`],
        ['exact duplicates planted, found', `${count(exact.planted)}, ${count(exact.found)}`],
        [
          'dropped as near; of these below the threshold in truth',
          `${count(droppedNear.all)}; ${share(droppedNear.under, droppedNear.all)}, the least at ${droppedNear.leastSimilarity.toFixed(2)}`,
        ],
        ['dropped for one with nothing planted in common', `${strangers.exact + strangers.near}`],
      ],
    ),
    table(
      ['similarity', ...near.map(({ similarity }) => `${similarity}`)],
      [
        ['found of those planted', ...near.map(({ found, planted }) => share(found, planted))],
        ['by theory', ...near.map(({ expected, planted }) => share(expected, planted))],
      ],
    ),
  ].join('\n\n');
}

function stageTable({ corpus, stages }: Figures): string {
  return table(
    ['stage', 'activities', 'seconds', 'CPU seconds', 'memory before, at most', 'written for a document'],
    STAGES.map((name) => {
      const { activities, seconds, cpuSeconds, rssBefore, rssPeak, bytesWritten } = stages[name];
      return [
        NAMES[name],
        `${activities}`,
        `${seconds}`,
        `${cpuSeconds}`,
        `${bytes(rssBefore)}, ${bytes(rssPeak)}`,
        bytes(bytesWritten / corpus.documents),
      ];
    }),
  );
}

const ROWS: [string, string, (of: Arithmetic) => string][] = [
  ['text', 'n × t', (of) => bytes(of.textBytes)],
  ['partitions = scans, P', 'n × t / 64 MiB', (of) => count(of.partitions)],
  ['bucket records', '15 n', (of) => count(of.records)],
  ['their bytes', `${BUCKET_BYTES} n`, (of) => bytes(of.bucketBytes)],
  ['bytes of signatures', `${SIGNATURE_BYTES} n`, (of) => bytes(of.signatureBytes)],
  ['ranges, R', 'n / 1,000,000', (of) => count(of.ranges)],
  [
    'combined first, C',
    'P / 250 where P R > 100,000 or P > 2,000',
    (of) => (of.combines === 0 ? 'no' : count(of.combines)),
  ],
  ['runs are opened', 'P R, or P + C R', (of) => count(of.opens)],
  ['bytes of a range in a run', 'bucket bytes / runs / R', (of) => bytes(of.sliceBytes)],
  ['held by a range to read them', '128 KiB and a directory for each run', (of) => bytes(of.cursorBytes)],
  ['bucket bytes written and read', '2 or 4 times', (of) => bytes(of.exchanged)],
  ['activities', 'P + C + R + 1', (of) => count(of.activities)],
  ['events of the run in dedupe', '6 (C + R + 1)', (of) => count(of.events)],
  ['CPU of scan', 'measured × n', (of) => hours(of.scanHours)],
  ['CPU of combine and find', 'measured × records', (of) => hours(of.exchangeHours)],
  ['decide holds', '0.25 n + 20 m + (232 + 40 e / m) × 2 million', (of) => bytes(of.decideBytes)],
  [
    'decide reads',
    `${SIGNATURE_BYTES} n in m / 2 million passes, edges twice`,
    (of) => `${bytes(of.decideRead)} in ${count(of.passes)}`,
  ],
  ['CPU of decide, at most', 'measured × n × passes', (of) => hours(of.decideHours)],
];

function arithmeticTable(figures: Figures): string {
  const rates = ratesOf(figures);
  const sizes = [2e6, 50e6, 1e9];
  const all = sizes.map((documents) => arithmetic(documents, rates));
  return table(
    ['', 'formula', ...sizes.map(count)],
    ROWS.map(([name, formula, cell]) => [name, formula, ...all.map(cell)]),
  );
}

function endsTable(figures: Figures): string {
  const { time, memory } = decideEnds(ratesOf(figures), figures.stages.decide.rssBefore);
  return table(
    ['decide reaches', 'at documents like these, about'],
    [
      ['four hours of CPU, after which an attempt is given up', count(time)],
      ['1.5 GB, in a worker that holds nothing else', count(memory)],
    ],
  );
}

/** The page with its tables as they should be. */
export function withTables(page: string, figures: Figures): string {
  const tables = { corpus: corpusTable, stages: stageTable, arithmetic: arithmeticTable, ends: endsTable };
  return Object.entries(tables).reduce((text, [name, make]) => {
    const block = new RegExp(`(<!-- ${name} -->\n)[^]*?(\n<!-- end -->)`);
    if (!block.test(text)) throw new Error(`the page has no place for the table ${name}`);
    return text.replace(block, (_, begin: string, end: string) => `${begin}${make(figures)}${end}`);
  }, page);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(PAGE, withTables(readFileSync(PAGE, 'utf8'), readFigures()));
}
