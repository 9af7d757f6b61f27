import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { arch, cpus, loadavg, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Case } from './bench.ts';
import { COSTS, type Spreads } from './harness.ts';

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
  /** Processes that wanted to run in the minute before the bench: whether the machine was busy otherwise. */
  loadBefore: number;
  versions: Record<string, string>;
}

/** What a figure depends on besides the code that is measured. To be asked before the bench loads the machine. */
export function circumstances(checkout: string): Circumstances {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: checkout, encoding: 'utf8' }).trim();
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD'),
    dirty: git('status', '--porcelain', '--', ...MEASURED) !== '',
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    loadBefore: round(loadavg()[0] ?? 0),
    versions: { node: process.versions.node },
  };
}

/** Appends one JSON line per case to `<folder>/<bench>.jsonl`, every run in it. */
export function appendRecords(
  folder: string,
  bench: string,
  where: Circumstances,
  cases: readonly Case[],
): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${bench}.jsonl`);
  for (const { name, input, comparison } of cases) {
    const { digest, contenders, ratios } = comparison;
    const record = {
      bench,
      case: name,
      ...where,
      input,
      digest,
      contenders: contenders.map(({ name: contender, runs, costs }) => ({
        name: contender,
        costs: rounded(costs),
        runs: runs.map(({ digest: _, ...each }) =>
          Object.fromEntries(Object.entries(each).map(([key, value]) => [key, round(value)])),
        ),
      })),
      ratios: ratios.map(({ of, to, costs }) => ({ of, to, costs: rounded(costs) })),
    };
    appendFileSync(file, `${JSON.stringify(record)}\n`);
  }
  return file;
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

function round(value: number): number {
  return Number(value.toFixed(DIGITS));
}
