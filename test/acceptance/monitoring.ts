// tier: manual — Prometheus scrapes a worker: it takes the alert rules, their tests hold, every expression of alerts and panels is valid, every panel shows something, and the alerts that should fire do (`prometheus` and `promtool` on the PATH)
import { spawn } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../listening.ts';
import { must, ok, run, scratch, skip, until } from './lib.ts';
import { alertExpressions, MONITORING, panelExpressions } from './parts/expressions.ts';
import { monitoredStack } from './parts/monitored.ts';

for (const program of ['prometheus', 'promtool']) {
  const found = await run('/bin/sh', ['-c', `command -v ${program}`]);
  if (found.code !== 0) skip(`${program} is not on the PATH`);
}
const folder = scratch('prometheus');
cpSync(join(MONITORING, 'alerts.yaml'), join(folder, 'alerts.yaml'));
console.log((await ok('promtool', ['check', 'rules', join(folder, 'alerts.yaml')])).trim());
must(true, 'promtool takes the alert rules');
cpSync(join(MONITORING, 'alerts.test.yaml'), join(folder, 'alerts.test.yaml'));
console.log((await ok('promtool', ['test', 'rules', join(folder, 'alerts.test.yaml')])).trim());
must(true, 'and they fire and resolve as their tests say, with several workers and through a restart');

const { address } = await monitoredStack('monitoring');
writeFileSync(
  join(folder, 'prometheus.yaml'),
  JSON.stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['alerts.yaml'],
    scrape_configs: [{ job_name: 'instruct-lake', static_configs: [{ targets: [address] }] }],
  }),
);
const web = `127.0.0.1:${await freePort()}`;
const prometheus = spawn(
  'prometheus',
  [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${web}`,
  ],
  { stdio: 'ignore' },
);
process.on('exit', () => prometheus.kill('SIGKILL'));

interface Answer {
  status: string;
  error?: string;
  data?: { result: unknown[] };
}
async function query(expr: string): Promise<Answer> {
  const url = `http://${web}/api/v1/query?${new URLSearchParams({ query: expr })}`;
  return (await (await fetch(url)).json()) as Answer;
}
await until('Prometheus to have scraped for a minute', 180, async () => {
  const answer = await query('count_over_time(up[70s]) >= 60').catch(() => undefined);
  return (answer?.data?.result.length ?? 0) > 0 || undefined;
});
for (const { of, expr } of alertExpressions()) {
  const { status, error } = await query(expr);
  must(status === 'success', `alert ${of} is evaluated${error === undefined ? '' : `: ${error}`}`);
}
for (const { of, expr } of panelExpressions()) {
  const { status, error, data } = await query(expr);
  must(
    status === 'success' && (data?.result.length ?? 0) > 0,
    `panel ${of} shows something${error === undefined ? '' : `: ${error}`} (${data?.result.length} series)`,
  );
}
const firing = await until('alerts to fire', 120, async () => {
  const { data } = (await (await fetch(`http://${web}/api/v1/alerts`)).json()) as {
    data: { alerts: { state: string; labels: { alertname: string; run?: string } }[] };
  };
  const names = data.alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname);
  return names.includes('InstructLakeRunParked') ? [...new Set(names)].sort() : undefined;
});
must(firing.includes('InstructLakeSourcesFailed'), `what should fire does: ${firing.join(', ')}`);
must(!firing.includes('InstructLakeNoWorker'), 'and what should not does not');
prometheus.kill('SIGTERM');
