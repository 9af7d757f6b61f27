// tier: ci — a worker is measured: every metric that an alert or a panel asks for is in a real scrape, figures agree with the run's own, a restart loses no run, no text of the corpus is in them or in the log, whose lines say which run and partition they are of
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lake, must, until } from './lib.ts';
import { alertExpressions, metricsIn, panelExpressions } from './parts/expressions.ts';
import { HOSTILE, monitoredStack } from './parts/monitored.ts';

const { folder, env, scrape, up } = await monitoredStack('metrics');
const sample = (page: string, name: string, ...labels: string[]): number | undefined => {
  const line = page
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && labels.every((label) => each.includes(label)));
  return line === undefined ? undefined : Number(line.split(' ').at(-1));
};
const { stdout } = await lake(['status', 'seen/done', '--json'], { cwd: folder, env });
const { counts } = JSON.parse(stdout) as { counts: Record<string, number> };
const page = await until('the endpoint to be sampled', 30, async () => {
  const now = await scrape();
  return sample(now, 'instruct_lake_endpoint_requests_total', 'endpoint="default"', 'outcome="answered"') ===
    counts.requests
    ? now
    : undefined;
});
must(true, `${counts.requests} requests of the run are ${counts.requests} in /metrics`);
for (const kind of ['prompt', 'completion'] as const) {
  const tokens = counts[`${kind}Tokens`];
  must(
    sample(page, 'instruct_lake_endpoint_tokens_total', `kind="${kind}"`, 'endpoint="default"') === tokens &&
      (sample(page, 'instruct_lake_counts_total', `count="${kind}Tokens"`) ?? 0) >= (tokens ?? 0),
    `so are ${tokens} ${kind} tokens`,
  );
}
must(sample(page, 'instruct_lake_failed_sources', 'run="done"') === 1, 'the source that failed is counted');
const age = Date.now() / 1000 - (sample(page, 'instruct_lake_last_success_seconds', 'domain="seen"') ?? 0);
must(age >= -1 && age < 300, 'the last success of the domain is dated');

must(
  sample(page, 'instruct_lake_scheduled', 'domain="seen"') === 0,
  'the domain has no schedule, so nobody waits for its nights',
);

const there = new Set(page.match(/^(?!#)[a-z_]+/gm));
for (const { of, expr } of [...alertExpressions(), ...panelExpressions()]) {
  const missing = metricsIn(expr).filter((name) => !there.has(name));
  must(
    missing.length === 0,
    `${of}: its metrics are in the scrape${missing.length > 0 ? ` (not ${missing})` : ''}`,
  );
}
const log = readFileSync(join(folder, '.instruct-lake', 'logs', 'worker.jsonl'), 'utf8');
must(log.length > 0 && !log.includes('\u001b'), 'the log has no escape of a terminal in it');
const lines = log
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Record<string, unknown>);
must(
  lines.every(({ level, message }) => level !== 'WARN' || !String(message).startsWith('No ')),
  'nothing is warned of that is meant',
);
const failed = lines.filter(({ activityType, level }) => activityType !== undefined && level === 'WARN');
must(
  failed.length > 0 &&
    failed.every(
      ({ domain, run, attempt }) => domain === 'seen' && run !== undefined && attempt !== undefined,
    ),
  'every line on an activity that failed says of which run and attempt it is',
);
must(
  failed.some(
    ({ activityType, partition, round }) =>
      activityType === 'synthesizeRound' && partition === 'corpus/0' && round === 0,
  ),
  'and of which partition and round',
);
for (const [what, text] of [
  ['/metrics', page],
  ['the log', log],
] as const) {
  must(!text.includes(HOSTILE.slice(0, 18)), `no text of the corpus is in ${what}`);
}

const down = await lake(['down'], { cwd: folder, env });
const again = await lake([...up], { cwd: folder, env });
must(
  down.code === 0 && again.code === 0,
  'the stack goes down and comes up again, its worker another process',
);
await until('the new worker to tell of what was before it', 60, async () => {
  const now = await scrape().catch(() => '');
  return (
    (sample(now, 'instruct_lake_parked', 'run="parked"') === 1 &&
      sample(now, 'instruct_lake_failed_sources', 'run="done"') === 1 &&
      sample(now, 'instruct_lake_last_success_seconds', 'domain="seen"') !== undefined) ||
    undefined
  );
});
must(true, 'after a restart the parked run, the failed source and the last success are told of again');
