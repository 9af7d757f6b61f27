import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Case, Outcome } from './bench.ts';
import { COSTS, type Run, type Spreads } from './harness.ts';
import { childrenCpuSeconds } from './proc.ts';
import { tableOf } from './table.ts';

/** The parts of the checkout whose changes make figures another commit's. */
const MEASURED = [
  'workflows',
  'activities',
  'lake',
  'worker',
  'client',
  'scripts',
  'package.json',
  'package-lock.json',
];
const DIGITS = 4;

export interface Circumstances {
  date: string;
  commit: string;
  /** The measured code differs from the commit. */
  dirty: boolean;
  cpu: string;
  cores: number;
  memoryGb: number;
  platform: string;
  /** Cores that other programs kept busy while the bench ran, on average: whether the machine was shared. */
  busyElsewhere?: number;
  /** Commit of the other build, where it lies in a checkout. */
  vs?: string;
  versions: Record<string, string>;
}

/** What a figure depends on besides the code that is measured. */
export function circumstances(checkout: string, vs: string | undefined): Circumstances {
  const vsCommit = vs === undefined ? undefined : git(vs, 'rev-parse', 'HEAD');
  return {
    date: new Date().toISOString(),
    commit: git(checkout, 'rev-parse', 'HEAD') ?? '',
    dirty: git(checkout, 'status', '--porcelain', '--', ...MEASURED) !== '',
    ...(vsCommit !== undefined && { vs: vsCommit }),
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    versions: { node: process.versions.node },
  };
}

/** Starts to watch the machine; the answer gives `busyElsewhere` since then, where the platform tells it. */
export function watchMachine(): () => number | undefined {
  const read = (): number | undefined => {
    const children = childrenCpuSeconds();
    if (children === undefined) return undefined;
    const { user, system } = process.cpuUsage();
    const all = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
    return all / 1e3 - children - (user + system) / 1e6;
  };
  const started = performance.now();
  const before = read();
  return () => {
    const after = read();
    if (before === undefined || after === undefined) return undefined;
    return round(Math.max(0, after - before) / ((performance.now() - started) / 1000));
  };
}

function git(folder: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** Appends one JSON line per outcome to `<folder>/<bench>.jsonl`. */
export function appendRecords(
  folder: string,
  bench: string,
  where: Circumstances,
  outcomes: readonly Outcome[],
): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${bench}.jsonl`);
  for (const { name, record } of outcomes) {
    appendFileSync(file, `${JSON.stringify({ bench, case: name, ...where, ...record })}\n`);
  }
  return file;
}

/** A comparison as its table and its record, every run in it. */
export function outcomeOf(bench: string, each: Case): Outcome {
  const { name, input, comparison } = each;
  const { digest, contenders, ratios } = comparison;
  const record = {
    input,
    digest,
    contenders: contenders.map(({ name: contender, runs, costs }) => ({
      name: contender,
      costs: rounded(costs),
      runs: runs.map(costsOfRun),
    })),
    ratios: ratios.map(({ of, to, costs }) => ({ of, to, costs: rounded(costs) })),
  };
  return { name, table: tableOf(bench, each), record };
}

function rounded(spreads: Spreads): Record<string, Record<string, number>> {
  return Object.fromEntries(
    COSTS.flatMap((cost) => {
      const spread = spreads[cost];
      if (spread === undefined) return [];
      return [[cost, Object.fromEntries(Object.entries(spread).map(([key, value]) => [key, round(value)]))]];
    }),
  );
}

function costsOfRun({ digest: _, ...costs }: Run): Record<string, number> {
  const told = Object.entries(costs).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, round(value)]],
  );
  return Object.fromEntries(told);
}

export function round(value: number): number {
  return Number(value.toFixed(DIGITS));
}
