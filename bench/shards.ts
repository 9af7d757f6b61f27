import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Findings, Settings } from './bench.ts';
import { OutputsDiffer } from './harness.ts';
import { openLake } from './lake.ts';
import { obtainPeer, type Peer } from './peer.ts';
import { runProcess } from './process.ts';
import { round } from './record.ts';
import { withScratch } from './scratch.ts';
import { median, pairRatios, spreadOf } from './statistics.ts';
import { aligned } from './table.ts';

const MB = 1e6;
const LIMIT_MS = 20 * 60_000;
const EVERY = 'megatron,parquet-text,olmo,datatrove,parquet-ids,arrow';

/** What one program writes, or this package in some formats. */
const FORMATS = [
  ['megatron', 'megatron'],
  ['parquet-ids', 'parquet-ids'],
  ['every format', EVERY],
] as const;

/** Tokenized documents → shards: this package on an S3 server, in one thread; datatrove's merger on local files. */
export const shards: Bench = {
  name: 'shards',
  about: 'tokenized documents to shards: this package, in one format and in all, and datatrove',
  runs: 3,
  run: (settings) => withScratch((folder) => measure(folder, settings)),
};

interface Report {
  /** Stands for all bodies. */
  digest?: string;
  /** Of building the shards; and of what is before that. */
  seconds: number;
  steps?: Record<string, number>;
  /** Of the bodies, and of all files. */
  bytes: number;
  all?: number;
}
interface Row {
  name: string;
  reports: Report[];
  /** The most that a run of it took. */
  peakBytes?: number;
}

async function measure(folder: string, settings: Settings): Promise<Findings> {
  const { dist, mb, note, runs, signal, vs } = settings;
  const found = await obtainPeer('tokenize', note, signal);
  const peer = 'missing' in found ? undefined : found;
  if ('missing' in found) note(`datatrove is missing, so there are no figures for it: ${found.missing}`);
  const lake = await openLake(folder, settings);
  const builds = { 'instruct-lake': dist, ...(vs !== undefined && { 'other build': vs }) };
  const ours = FORMATS.flatMap(([what, formats]) =>
    Object.entries(builds).map(([build, from]) => ({
      ...{ from, formats },
      row: { name: `${build}, ${what}`, reports: [] } as Row,
    })),
  );
  const rows = ours.map(({ row }) => row);
  try {
    for (let each = 0; each < runs; each++) {
      for (const { from, formats, row } of ours) {
        note(`shards: ${row.name}, ${each + 1} of ${runs}`);
        const run = `${rows.indexOf(row)}-${each}`;
        const args = [from, JSON.stringify(lake.settings), run, `${mb}`, formats];
        await take(row, process.execPath, [script('shards_ours.mjs'), ...args], signal);
      }
    }
  } finally {
    await lake.close();
  }
  checkBodies(rows);
  if (peer !== undefined) rows.push(await datatrove(folder, peer, settings));
  const record = {
    tokenMb: mb,
    contenders: rows.map(({ name, reports, peakBytes }) => ({ name, peakBytes, reports })),
  };
  return { outcomes: [{ name: 'shards', table: tableOf(mb, rows), record }], versions: peer?.versions ?? {} };
}

async function datatrove(
  folder: string,
  { python }: Peer,
  { mb, note, runs, signal }: Settings,
): Promise<Row> {
  const row: Row = { name: 'datatrove, merger', reports: [] };
  for (let each = 0; each < runs; each++) {
    note(`shards: ${row.name}, ${each + 1} of ${runs}`);
    const own = join(folder, `datatrove-${each}`);
    mkdirSync(own);
    await take(row, python, [script('shards_datatrove.py'), own, `${mb}`], signal);
  }
  return row;
}

/** Runs a program and adds to a row what it reports. */
async function take(row: Row, command: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { stdout, peakBytes } = await runProcess(command, args, { signal, limitMs: LIMIT_MS });
  row.reports.push(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report);
  if (peakBytes !== undefined) row.peakBytes = Math.max(peakBytes, row.peakBytes ?? 0);
}

/** Bodies are the same in all formats and builds. */
function checkBodies(rows: readonly Row[]): void {
  const all = rows.flatMap(({ name, reports }) => reports.map(({ digest }) => `  ${name}: ${digest}`));
  const digests = rows.flatMap(({ reports }) => reports.map(({ digest }) => digest));
  if (new Set(digests).size > 1)
    throw new OutputsDiffer(`the bodies differ, so no times are given:\n${all.join('\n')}`);
}

function tableOf(mb: number, rows: readonly Row[]): string {
  const speed = (row: Row, of: (report: Report) => number | undefined): string => {
    const all = row.reports.flatMap((report) => of(report) ?? []);
    return all.length === 0 ? '' : `${round(median(all))}`;
  };
  const lines = rows.map((row) => [
    row.name,
    speed(row, ({ bytes, seconds }) => bytes / MB / seconds),
    speed(row, ({ all, seconds }) => all && all / MB / seconds),
    speed(row, ({ bytes, steps }) => steps && bytes / MB / (steps.exchange ?? Number.NaN)),
    row.peakBytes === undefined ? '' : `${Math.round(row.peakBytes / MB)}`,
  ]);
  const ratios = FORMATS.flatMap(([what]) => {
    const [one, other] = ['instruct-lake', 'other build'].map((build) =>
      rows.find(({ name }) => name === `${build}, ${what}`)?.reports.map(({ seconds }) => seconds),
    );
    if (one === undefined || other === undefined) return [];
    const { median: middle, min, max } = spreadOf(pairRatios(one, other));
    const [shown, ...range] = [middle, min, max].map((value) => value.toFixed(2));
    return `seconds, instruct-lake / other build, ${what}: ${shown} (${range.join('–')})`;
  });
  return [
    `shards: ${mb} MB of token ids, two bytes each; one thread; medians of ${rows[0]?.reports.length} runs`,
    ...aligned([['', 'tokens, MB/s', 'files, MB/s', 'exchange before it, MB/s', 'memory, MB'], ...lines]),
    ...ratios,
  ].join('\n');
}

const script = (name: string): string => fileURLToPath(new URL(`contenders/${name}`, import.meta.url));
