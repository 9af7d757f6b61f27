// tier: ci — the guide's schedule starts incremental runs, one at a time; one that is terminated is abandoned, one that published is retracted
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../listening.ts';
import { CLI, type Finished, lake, must, ROOT, run, start, until } from './lib.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

const RUN_SECONDS = 300;
const NIGHT = /ingest\/biomed\/(nightly-\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\s/g;

const slow = `${await freePort()}`;
const endpoint = start(process.execPath, [CLI, 'endpoint', '--port', slow, '--delay-ms', '1000']);
const stack = await stackUp('nightly', { endpoints: { slow: { url: `http://127.0.0.1:${slow}` } } });
const { folder, env, settings } = stack;
await importBiomed(stack);
const temporal = await temporalCli(settings.temporal, { cwd: folder, env });
const nightly = { ...BIOMED, mode: 'incremental', synthesize: { ...BIOMED.synthesize, endpoint: 'slow' } };
writeFileSync(join(folder, 'nightly.json'), JSON.stringify(nightly));
const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });

const created = await guidesCommand('temporal schedule create');
must(created.code === 0, `the guide's schedule is created${created.code === 0 ? '' : `\n${created.stderr}`}`);
const described = (await temporal.run('schedule', 'describe', '--schedule-id', 'ingest/biomed/nightly'))
  .stdout;
must(
  /OverlapPolicy\s+BufferOne/.test(described) && /CatchupWindow\s+6h 0m/.test(described),
  'its overlap policy is BufferOne, its catch-up window six hours',
);

await trigger();
const first = await until('a night', RUN_SECONDS, async () => (await nights('Running'))[0]);
const firstId = `ingest/biomed/${first}`;
must(true, `it starts ${firstId}`);
await until('it to hold its domain', RUN_SECONDS, async () => {
  const { phase } = await temporal.progress(firstId);
  return phase === 'open' ? undefined : phase;
});
await temporal.run('workflow', 'update', 'execute', '--workflow-id', firstId, '--name', 'pause');
await trigger();

const hand = 'ingest/biomed/by-hand';
await ours('ingest', 'nightly.json', '--run', 'by-hand');
const { waiting } = await until('a run that waits', RUN_SECONDS, async () => {
  const progress = await temporal.progress(hand);
  return progress.waiting === null ? undefined : progress;
});
must(waiting?.by === first, `${hand}, started beside it, waits for it`);
await temporal.listed('Phase="waiting" AND ExecutionStatus="Running"', [hand]);
const shown = await ours('status', 'biomed/by-hand');
must(
  shown.code === 0 && shown.stdout.includes(`for biomed/${first}, which holds the domain`),
  'workflow list and `status` say so',
);
must((await nights('Running')).length === 1, 'the next night is not started while this one runs');
await temporal.run('workflow', 'cancel', '--workflow-id', hand);
await temporal.result(hand);
must((await temporal.status(hand)) === 'CANCELED', 'a run that waits can be cancelled');

const refused = await ours('abandon', `biomed/${first}`);
must(refused.code === 2, '`abandon` refuses a run whose workflow runs: exit code 2');
await temporal.run('workflow', 'terminate', '--workflow-id', firstId);
// Temporal shows a termination a moment after it was taken.
let said = '';
await until('`status` of the terminated run to say how to let go of its domain', RUN_SECONDS, async () => {
  const { code, stdout, stderr } = await ours('status', `biomed/${first}`);
  said = `exit code ${code}\n${stdout}${stderr}`;
  return code === 1 && stdout.includes(`instruct-lake abandon biomed/${first}`) ? stdout : undefined;
}).catch((error: unknown) => {
  throw new Error(`it says ${said}`, { cause: error });
});
must(true, 'terminated, it still holds its domain, and `status` says how to let go of it');
const abandoned = await ours('abandon', `biomed/${first}`);
must(abandoned.code === 0, '`abandon` lets go of it: exit code 0');
must(
  (await ours('abandon', `biomed/${first}`)).code === 2,
  'a second time there is nothing to close: exit code 2',
);

const [second] = await until('the next night to end', RUN_SECONDS, async () => {
  const ended = await nights('Completed');
  return ended.length > 0 ? ended : undefined;
});
const named = `biomed/${second}`;
must(second !== first, `the night that was buffered begins by itself and completes: ${named}`);
must((await ours('verify', named)).code === 0, '`verify` finds all of it well');

const again = JSON.parse((await ours('retract', named, '--json')).stdout) as { dependents: unknown[] };
must(again.dependents.length === 0, '`retract` takes its publication out');
const gone = await ours('retract', named, '--json');
must(gone.code === 2 && gone.stdout.includes('RunNotFound'), 'a second time there is none: exit code 2');
must((await ours('verify', named)).code === 2, '`verify` finds nothing published under its name');
must(
  (await ours('status', named)).stdout.includes('it was retracted since'),
  '`status` says that it was retracted',
);

writeFileSync(
  join(folder, 'nothing.json'),
  JSON.stringify({ ...nightly, input: { ...nightly.input, prefix: 'raw/nothing/' } }),
);
const nothing = await ours('ingest', 'nothing.json', '--run', 'nothing', '--watch');
must(
  nothing.code === 0 && nothing.stdout.includes('nothing new, so nothing is published'),
  'a run that finds nothing new exits with 0',
);
const result = await temporal.result('ingest/biomed/nothing');
must(result.code === 0 && result.stdout.includes('"publication":null'), 'its result names no publication');
endpoint.kill('SIGTERM');

/** Runs a command of the guide as it stands there, at our server. */
async function guidesCommand(beginning: string): Promise<Finished> {
  const guide = readFileSync(join(ROOT, 'docs', 'guide.md'), 'utf8');
  const from = guide.indexOf(beginning);
  must(from >= 0, `the guide has \`${beginning}\``);
  const [lines = ''] = guide.slice(from).split(/(?<!\\)\n/);
  const command = lines.replace(/^temporal/, `'${temporal.binary}'`).replace(/\s+#.*$/, '');
  return run('/bin/sh', ['-c', `${command} --address ${temporal.address}`], { cwd: folder, env });
}

async function trigger(): Promise<void> {
  const { code, stderr } = await guidesCommand('temporal schedule trigger');
  if (code !== 0) throw new Error(`NOT SO: the guide's schedule trigger exits with 0\n${stderr}`);
}

/** Runs of the schedule with that status, newest first. */
async function nights(status: string): Promise<string[]> {
  const query = `WorkflowType="ingestDomain" AND ExecutionStatus="${status}"`;
  const { stdout } = await temporal.run('workflow', 'list', '--query', query);
  return [...stdout.matchAll(NIGHT)].map(([, night]) => night as string);
}
