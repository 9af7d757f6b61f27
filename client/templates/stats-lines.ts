import { MODES } from '../../activities/template/pool-file.ts';
import type { PoolStatistics } from '../../activities/template/stats.ts';
import { counted, thousands } from '../view/format.ts';
import type { TemplateStatistics } from './stats.ts';

/** The modes of a run's chains, with their shares. */
export function modeLine({ chains, modes }: Pick<TemplateStatistics, 'chains' | 'modes'>): string {
  const shares = MODES.flatMap((mode) => {
    const count = modes[mode] ?? 0;
    return count === 0 ? [] : [`${mode} ${((100 * count) / chains).toFixed(1)} %`];
  });
  return `${counted(chains, 'chains')}: ${shares.join(', ')}`;
}

/** A table of pools. */
export function poolLines(pools: Readonly<Record<string, PoolStatistics & { draws?: number }>>): string[] {
  const rows = Object.entries(pools).map(([name, { draws, wordings, skeletons, effective, plain }]) => [
    name,
    ...(draws === undefined ? [] : [thousands(draws)]),
    thousands(wordings),
    thousands(skeletons),
    effective.toFixed(1),
    `${Math.round(100 * plain)} %`,
  ]);
  const [first] = rows;
  const head = [
    'pool',
    ...(first?.length === 6 ? ['draws'] : []),
    'wordings',
    'skeletons',
    'effective',
    'plain',
  ];
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  );
}
