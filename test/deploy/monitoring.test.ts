import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { metricsIn, panelExpressions } from '../acceptance/parts/expressions.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
/** As pages of Markdown name their headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

test('each alert has a severity, says what to do, and points at a section that there is', () => {
  const { groups } = parse(read('deploy/monitoring/alerts.yaml')) as {
    groups: {
      rules: { alert: string; labels: { severity: string }; annotations: Record<string, string> }[];
    }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(8);
  const anchors = new Set(
    [...read('docs/operations.md').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)),
  );
  for (const { alert, labels, annotations } of rules) {
    const { summary = '', description = '', runbook = '' } = annotations;
    expect(alert).toMatch(/^InstructLake[A-Z]/);
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(summary.length * description.length, alert).toBeGreaterThan(0);
    expect(runbook, alert).toMatch(/^docs\/operations\.md#/);
    expect(anchors, alert).toContain(runbook.split('#')[1]);
  }
});

test('each panel has a place of its own, a title, and asks for something that a worker measures', () => {
  const { panels } = JSON.parse(read('deploy/monitoring/dashboard.json')) as {
    panels: { id: number; title: string; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w } }) =>
    Array.from({ length: w }, (_, i) => `${x + i} ${y}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  for (const { of, expr } of panelExpressions()) expect(metricsIn(expr).length, of).toBeGreaterThan(0);
});
