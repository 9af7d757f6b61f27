import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetBytes } from '../../lake/parquet/write.ts';
import { openS3 } from '../../lake/s3.ts';
import type { Outcome, Settings } from '../bench.ts';
import type { Run } from '../harness.ts';
import { openLake } from '../lake.ts';
import type { Peer } from '../peer.ts';
import { runProcess } from '../process.ts';
import { round } from '../record.ts';
import { median } from '../statistics.ts';
import { aligned } from '../table.ts';
import type { Texts } from '../texts.ts';
import { type Agreement, agreementOf } from './agreement.ts';
import { editedCopies, RATES } from './edits.ts';

const PREFIX = 'raw/copies/';
const THRESHOLD = 0.75;
const LIMIT_MS = 60 * 60_000;
/** Measured repetitions of the other benches' kind for each one here: the slow side takes minutes. */
const RUNS_EACH = 3;

/** What one run cost: in all, and each step by its own clock. */
interface Cost extends Pick<Run, 'wallSeconds' | 'cpuSeconds' | 'peakBytes'> {
  steps: Record<string, { seconds: number; cpuSeconds: number }>;
}
interface Contender {
  name: string;
  /** `out` is where it leaves what it dropped. */
  run: (number: number, out: string) => Promise<Cost>;
}

/** The whole dedupe of the corpus and edited copies of it: this package on an S3 server, datatrove on local files. */
export async function measureWhole(
  folder: string,
  { from, texts }: Texts,
  peer: Peer | undefined,
  settings: Settings,
): Promise<Outcome> {
  const { note, runs, signal } = settings;
  note('whole: making edited copies');
  const copies = editedCopies(texts);
  const files = copies.map((copy, i) => ({
    name: `copy-${i}.parquet`,
    bytes: parquetBytes(
      [
        { name: 'id', type: 'string', data: copy.map(({ id }) => id) },
        { name: 'text', type: 'string', data: copy.map(({ text }) => text) },
      ],
      {},
    ),
  }));
  const local = join(folder, 'copies');
  mkdirSync(local);
  for (const { name, bytes } of files) writeFileSync(join(local, name), bytes);
  const documents = copies.flat();
  const input = {
    texts: from,
    documents: documents.length,
    textMb: round(documents.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1e6),
    replaced: RATES.map((rate) => `${rate * 100} %`).join(', '),
  };
  const lake = await openLake(folder, settings);
  const store = openS3(lake.settings);
  for (const { name, bytes } of files) await store.put(PREFIX + name, bytes);
  store.close();
  try {
    const own = ours(lake.settings, settings);
    const other = peer === undefined ? undefined : theirs(peer, local, folder, signal);
    const costs: { own: Cost[]; other: Cost[] } = { own: [], other: [] };
    const measure = async (contender: Contender, into: Cost[]): Promise<void> => {
      note(`whole: ${contender.name}, ${into.length + 1}`);
      into.push(await contender.run(into.length, join(folder, `${contender.name}.json`)));
    };
    for (let each = 0; each < Math.max(1, Math.round(runs / RUNS_EACH)); each++) {
      await measure(own, costs.own);
      if (other === undefined) continue;
      await measure(other, costs.other);
      await measure(own, costs.own);
    }
    const placed = new Map(
      copies.flatMap((copy, i) => copy.map((_, row) => [`copy-${i}.parquet/${row}`, i * texts.length + row])),
    );
    const dropped = read(join(folder, `${own.name}.json`)) as [string, number][];
    const numberOf = ([name, row]: [string, number, ...unknown[]]): number =>
      placed.get(`${name}/${row}`) ?? -1;
    const ownSet = new Set(dropped.map(numberOf));
    let agreement: Agreement | undefined;
    if (other !== undefined) {
      note('whole: comparing what was dropped');
      const { removed, clusters } = read(join(folder, `${other.name}.json`)) as {
        removed: [string, number][];
        clusters: [string, number, number][];
      };
      const sets = {
        ours: ownSet,
        theirs: new Set(removed.map(numberOf)),
        clusters: new Map(clusters.map((each) => [numberOf(each), each[2]])),
      };
      agreement = agreementOf(sets, documents.length, THRESHOLD, (i) => documents[i]?.text ?? '');
    }
    return {
      name: 'whole',
      table: tableOf(input, costs, ownSet.size, agreement),
      record: {
        input,
        dropped: ownSet.size,
        ...(agreement && { agreement }),
        contenders: [
          { name: own.name, runs: costs.own.map(rounded) },
          ...(other === undefined ? [] : [{ name: other.name, runs: costs.other.map(rounded) }]),
        ],
      },
    };
  } finally {
    await lake.close();
  }
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const script = (name: string): string => fileURLToPath(new URL(`../contenders/${name}`, import.meta.url));

function ours(lake: object, { dist, signal }: Settings): Contender {
  return {
    name: 'instruct-lake',
    run: (number, out) => {
      const args = [dist, JSON.stringify(lake), PREFIX, `copies-${number}`, out];
      return reported(process.execPath, [script('dedupe_ours.mjs'), ...args], signal);
    },
  };
}

function theirs({ python }: Peer, local: string, folder: string, signal: AbortSignal): Contender {
  return {
    name: 'datatrove',
    run: (number, out) =>
      reported(
        python,
        [script('dedupe_datatrove.py'), local, join(folder, `datatrove-${number}`), out],
        signal,
      ),
  };
}

async function reported(command: string, args: readonly string[], signal: AbortSignal): Promise<Cost> {
  const { stdout, ...costs } = await runProcess(command, args, { signal, limitMs: LIMIT_MS });
  const { steps } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Pick<Cost, 'steps'>;
  return { ...costs, steps };
}

const MB = 1e6;
const stepsOf = (runs: readonly Cost[], of: 'seconds' | 'cpuSeconds'): number[] =>
  runs.map(({ steps }) => Object.values(steps).reduce((sum, step) => sum + step[of], 0));

function tableOf(
  input: Record<string, string | number>,
  { own, other }: { own: Cost[]; other: Cost[] },
  dropped: number,
  agreement: Agreement | undefined,
): string {
  const row = (name: string, runs: readonly Cost[]): string[] => {
    const [first] = runs;
    const each = Object.keys(first?.steps ?? {}).map((step) => {
      const seconds = median(runs.map(({ steps }) => steps[step]?.cpuSeconds ?? 0));
      return `${step} ${seconds.toFixed(2)}`;
    });
    return [
      name,
      median(stepsOf(runs, 'seconds')).toFixed(2),
      median(stepsOf(runs, 'cpuSeconds')).toFixed(2),
      (median(runs.map(({ peakBytes = 0 }) => peakBytes)) / MB).toFixed(0),
      each.join(', '),
    ];
  };
  const facts = Object.entries(input).map(([key, value]) => `${key} ${value}`);
  const lines = [
    `dedupe, whole: ${facts.join(', ')}`,
    ...aligned([
      ['', 'wall s', 'CPU s', 'peak MB', 'CPU s of each step'],
      row('instruct-lake', own),
      ...(other.length === 0 ? [] : [row('datatrove', other)]),
    ]),
  ];
  if (agreement === undefined) return [...lines, `  dropped ${dropped}`].join('\n');
  const ratios = (of: 'seconds' | 'cpuSeconds'): string => {
    const mine = stepsOf(own, of);
    // Each of theirs stands between two of ours.
    const each = stepsOf(other, of).map(
      (time, i) => (2 * time) / ((mine[2 * i] ?? 0) + (mine[2 * i + 1] ?? 0)),
    );
    return median(each).toFixed(1);
  };
  const { both, neither, onlyOurs, onlyTheirs } = agreement;
  return [
    ...lines,
    `  datatrove / instruct-lake: ${ratios('seconds')} × the time, ${ratios('cpuSeconds')} × the CPU time`,
    `  dropped by both ${both}, by neither ${neither}: ${((100 * (both + neither)) / agreement.documents).toFixed(2)} % of the documents alike`,
    `  by us alone ${onlyOurs.theyKeepIt + onlyOurs.notMet}: ${onlyOurs.theyKeepIt} are what datatrove keeps of a cluster (not its first), ${onlyOurs.notMet} are in no cluster there`,
    `  by datatrove alone ${onlyTheirs.weKeepTheFirst + onlyTheirs.others}: ${onlyTheirs.weKeepTheFirst} are the first of their cluster, ${onlyTheirs.others} others, of which ${onlyTheirs.looked} were compared exactly: ${onlyTheirs.below} are below the threshold to all that we keep of their cluster before them`,
  ].join('\n');
}

/** Every number to the digits that the record keeps. */
const rounded = (cost: Cost): Cost =>
  JSON.parse(
    JSON.stringify(cost, (_, value: unknown) => (typeof value === 'number' ? round(value) : value)),
  ) as Cost;
