import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Findings, Settings } from './bench.ts';
import { openLake } from './lake.ts';
import { obtainPeer, type Peer } from './peer.ts';
import { runProcess } from './process.ts';
import { round } from './record.ts';
import { withScratch } from './scratch.ts';
import { median } from './statistics.ts';
import { aligned } from './table.ts';

const MB = 1e6;
const LIMIT_MS = 20 * 60_000;
const EVERY = 'megatron,parquet-text,olmo,datatrove,parquet-ids,arrow';

/** Tokenized documents → shards: this package on an S3 server, in one thread; datatrove's merger on local files. */
export const shards: Bench = {
  name: 'shards',
  about: 'tokenized documents to shards: this package, in one format and in all, and datatrove',
  runs: 3,
  run: (settings) => withScratch((folder) => measure(folder, settings)),
};

interface Report {
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
  const { dist, mb, note, runs, signal } = settings;
  const found = await obtainPeer('tokenize', note, signal);
  const peer = 'missing' in found ? undefined : found;
  if ('missing' in found) note(`datatrove is missing, so there are no figures for it: ${found.missing}`);
  const lake = await openLake(folder, settings);
  const rows: Row[] = [];
  try {
    for (const [name, formats] of [
      ['instruct-lake, megatron', 'megatron'],
      ['instruct-lake, every format', EVERY],
    ] as const) {
      const row: Row = { name, reports: [] };
      for (let each = 0; each < runs; each++) {
        note(`shards: ${name}, ${each + 1} of ${runs}`);
        const args = [dist, JSON.stringify(lake.settings), `${formats.length}-${each}`, `${mb}`, formats];
        const { stdout, peakBytes } = await runProcess(
          process.execPath,
          [script('shards_ours.mjs'), ...args],
          {
            signal,
            limitMs: LIMIT_MS,
          },
        );
        row.reports.push(reportOf(stdout));
        if (peakBytes !== undefined) row.peakBytes = Math.max(peakBytes, row.peakBytes ?? 0);
      }
      rows.push(row);
    }
  } finally {
    await lake.close();
  }
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
    const { stdout, peakBytes } = await runProcess(python, [script('shards_datatrove.py'), own, `${mb}`], {
      signal,
      limitMs: LIMIT_MS,
    });
    row.reports.push(reportOf(stdout));
    if (peakBytes !== undefined) row.peakBytes = Math.max(peakBytes, row.peakBytes ?? 0);
  }
  return row;
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
  return [
    `shards: ${mb} MB of token ids, two bytes each; one thread; medians of ${rows[0]?.reports.length} runs`,
    ...aligned([['', 'tokens, MB/s', 'files, MB/s', 'exchange before it, MB/s', 'memory, MB'], ...lines]),
  ].join('\n');
}

const reportOf = (stdout: string): Report => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Report;
const script = (name: string): string => fileURLToPath(new URL(`contenders/${name}`, import.meta.url));
