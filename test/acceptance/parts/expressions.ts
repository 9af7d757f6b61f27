import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../lib.ts';

export interface Expression {
  of: string;
  expr: string;
}
export const MONITORING = join(ROOT, 'deploy', 'monitoring');

/** The expressions of the alert rules. */
export function alertExpressions(): Expression[] {
  const { groups } = parse(readFileSync(join(MONITORING, 'alerts.yaml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ of: alert, expr })));
}

/** The expressions of the dashboard's panels, with everything for its variables. */
export function panelExpressions(): Expression[] {
  const { panels } = JSON.parse(readFileSync(join(MONITORING, 'dashboard.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      of: title,
      expr: expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(domain|run)\b/g, '.*'),
    })),
  );
}

/** The names of metrics in an expression. */
export const metricsIn = (expr: string): string[] => [
  ...new Set(expr.match(/\b(?:instruct_lake|temporal)_[a-z_]+\b/g) ?? []),
];
