// tier: ci — the three families of failure: a broken file and a refused key park a run until somebody decides, an outage only costs its time
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunState } from '../../client/view/run-state.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestSpec, Parked } from '../../workflows/contract.ts';
import { openCountingEndpoint } from '../counting-endpoint.ts';
import { type Finished, lake, must, until } from './lib.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

const RUN_SECONDS = 300;
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

// The embedded endpoint behind one of ours that can be told to refuse, and to be gone; slow enough to be met in its rounds.
const endpoint = await openCountingEndpoint({ delayMs: 500 });
const stack = await stackUp('families', { endpoints: { ours: { url: endpoint.url, concurrency: 2 } } });
const { folder, env, settings } = stack;
await importBiomed(stack);
const ours = await temporalCli(settings.temporal, { cwd: folder, env });
const SPEC: IngestSpec = {
  ...BIOMED,
  synthesize: { ...BIOMED.synthesize, endpoint: 'ours' },
  mix: { sources: [{ from: 'augmented', weight: 1 }] },
};
const store = openS3(settings.s3);
const good = await store.get('raw/biomed/passages-1.parquet');
await store.put('raw/partly/bad.parquet', Buffer.from('This is no Parquet file.'));
await store.put('raw/partly/good.parquet', good);
store.close();
const PARTLY: IngestSpec = { ...SPEC, input: { ...SPEC.input, prefix: 'raw/partly/' } };

await accepted();
await undecided();
await refusedKey();
await outage();
await endpoint.close();

async function accepted(): Promise<void> {
  await started('accepted', PARTLY);
  const parked = await parks('accepted');
  must(
    parked.type === 'TooManyFailedSources' && parked.message.includes('raw/partly/bad.parquet'),
    `a broken file among good ones parks a run in which none may fail: ${parked.message.split('\n')[0]}`,
  );
  const shown = await status('accepted');
  const missing = [
    'parked',
    'bad.parquet',
    'instruct-lake accept biomed/accepted',
    '--name acceptPartial',
  ].filter((part) => !shown.stdout.replace(/[\s\\]+/g, ' ').includes(part));
  must(
    shown.code === 0 && missing.length === 0,
    `status says that it is parked, for which file, and both commands that end it; it exits 0 ${missing.join(', ')}`.trim(),
  );
  await ours.listed('Phase="parked" AND ExecutionStatus="Running"', ['ingest/biomed/accepted']);
  must(true, `workflow list --query 'Phase="parked"' finds it`);
  const wrong = await update('accepted', 'resume');
  must(
    wrong.code !== 0 && `${wrong.stdout}${wrong.stderr}`.includes('what ends that is acceptPartial'),
    'resume is refused with a sentence that says what ends it',
  );
  const taken = await update('accepted', 'acceptPartial');
  must(taken.code === 0, 'workflow update execute --name acceptPartial is taken');
  must((await ours.result('ingest/biomed/accepted')).code === 0, 'it goes on without the file and completes');
  const after = await status('accepted');
  must(after.code === 3, 'status then exits 3: completed with failures');
  await verified('accepted');
}

async function undecided(): Promise<void> {
  await started('in-time', { ...PARTLY, decisionTimeout: '2s', onTimeout: 'accept' });
  must(
    (await ours.result('ingest/biomed/in-time')).code === 0,
    'where nobody decides within decisionTimeout, onTimeout "accept" lets it go on',
  );
  await started('too-late', { ...PARTLY, decisionTimeout: '2s' });
  const { code, stdout } = await ours.result('ingest/biomed/too-late');
  must(
    code !== 0 && stdout.includes('1 of 2 sources failed') && stdout.includes('raw/partly/bad.parquet'),
    'and by default it fails, naming the file',
  );
  must((await status('too-late')).code === 1, 'status then exits 1');
}

async function refusedKey(): Promise<void> {
  await started('refused', SPEC);
  await answering();
  endpoint.refuse(401);
  const parked = await parks('refused');
  must(
    parked.type === 'EndpointUnauthorized' && parked.phase === 'synthesize',
    `a key that is refused in the middle parks the run at once: ${parked.message.split('\n')[0]}`,
  );
  endpoint.refuse(200);
  const resumed = await lake(['resume', 'biomed/refused'], { cwd: folder, env });
  must(resumed.code === 0, `instruct-lake resume: ${resumed.stdout.trim()}`);
  must((await ours.result('ingest/biomed/refused')).code === 0, 'it tries again and completes');
  must((await status('refused')).code === 0, 'with no source failed: status exits 0');
  await verified('refused');
}

async function outage(): Promise<void> {
  await started('outage', SPEC);
  await answering();
  await endpoint.down();
  const waiting = await until('the run waits', RUN_SECONDS, async () => {
    const { waiting } = await state('outage');
    return waiting.find(({ type, attempt }) => type === 'EndpointUnavailable' && attempt > 1);
  });
  must((await state('outage')).status === 'running', `with the endpoint gone it waits: ${waiting.message}`);
  await endpoint.up();
  must((await ours.result('ingest/biomed/outage')).code === 0, 'once it is back the run completes by itself');
  const { counts, failures, manifest } = await state('outage');
  const rows = manifest?.counts.rows;
  must(
    failures.total === 0 && rows?.failed === 0 && rows.kept === rows.planned && counts.setAside === 0,
    `nothing is lost: ${rows?.kept} of ${rows?.planned} rows kept, no source failed, no text set aside`,
  );
  await verified('outage');
}

/** Some more texts have been answered. */
async function answering(): Promise<void> {
  const before = endpoint.answered();
  await until('answers', RUN_SECONDS, async () => endpoint.answered() > before + 2 || undefined);
}

async function started(run: string, spec: IngestSpec): Promise<void> {
  writeFileSync(join(folder, `${run}.json`), JSON.stringify(spec));
  const { code, stdout, stderr } = await ours.start(`ingest/biomed/${run}`, `${run}.json`);
  if (code !== 0) throw new Error(`NOT SO: biomed/${run} starts\n${stdout}${stderr}`);
}

function parks(run: string): Promise<Parked> {
  return until(`${run} parks`, RUN_SECONDS, async () => {
    const { parked } = await ours.progress(`ingest/biomed/${run}`);
    return parked ?? undefined;
  });
}

function update(run: string, name: string): Promise<Finished> {
  return ours.run('workflow', 'update', 'execute', '--workflow-id', `ingest/biomed/${run}`, '--name', name);
}

function status(run: string, ...more: string[]): Promise<Finished> {
  return lake(['status', `biomed/${run}`, ...more], { cwd: folder, env });
}

async function state(run: string): Promise<RunState> {
  return JSON.parse((await status(run, '--json')).stdout) as RunState;
}

async function verified(run: string): Promise<void> {
  const { code, stdout, stderr } = await lake(['verify', `biomed/${run}`], { cwd: folder, env });
  if (code !== 0) throw new Error(`NOT SO: verify ${run} exits 0 (${code})\n${stdout}${stderr}`);
  must(true, 'verify finds all of it well, the counts balance');
}
