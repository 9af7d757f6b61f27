import type { Case } from './bench.ts';
import { COSTS, type Cost } from './harness.ts';
import type { Spread } from './statistics.ts';

const MB = 1e6;
const TITLES: Record<Cost, string> = {
  workSeconds: 'work s',
  wallSeconds: 'process s',
  cpuSeconds: 'CPU s',
  peakBytes: 'peak MB',
};

/** A case for people: a line per contender and per ratio, each cost as `median (min–max, ±mad)`. */
export function tableOf(bench: string, { name, input, comparison }: Case): string {
  const { digest, contenders, ratios } = comparison;
  const costs = COSTS.filter((cost) => contenders.some((contender) => contender.costs[cost]));
  const rows = [
    ['', ...costs.map((cost) => TITLES[cost])],
    ...contenders.map((contender) => [
      contender.name,
      ...costs.map((cost) => cell(contender.costs[cost], cost === 'peakBytes' ? MB : 1)),
    ]),
    ...ratios.map(({ of, to, costs: ratio }) => [`${of} / ${to}`, ...costs.map((cost) => cell(ratio[cost]))]),
  ];
  const facts = Object.entries(input).map(([key, value]) => `${key} ${value}`);
  return [
    `${bench}, ${name}: ${facts.join(', ')}`,
    `outputs equal (${digest}); ${contenders[0]?.runs.length} runs each: median (min–max, ±median absolute deviation)`,
    ...aligned(rows),
  ].join('\n');
}

/** Rows of cells as lines, each column as wide as its widest cell. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    `  ${row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function cell(spread: Spread | undefined, unit = 1): string {
  if (spread === undefined) return '–';
  const [median, min, max, mad] = [spread.median, spread.min, spread.max, spread.mad].map((value) =>
    figure(value / unit),
  );
  return `${median} (${min}–${max}, ±${mad})`;
}

/** Three digits, or all before the point. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
