// tier: ci — a schedule from a file fires twice by the clock, with an upload in between; the second night takes that alone; young and half-uploaded files wait; a parked night holds nobody up; pause, resume, trigger, backfill, delete
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { samplePassages } from '../../client/sample/index.ts';
import { openS3 } from '../../lake/s3.ts';
import type { IngestResult, IngestSpec } from '../../workflows/contract.ts';
import { putTexts, textSpec } from '../pipeline.ts';
import { type Finished, lake, must, until } from './lib.ts';
import { stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const SECONDS = 180;
const texts = samplePassages().map(({ text }) => text);
const stack = await stackUp('schedules');
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
const temporal = await temporalCli(settings.temporal, { cwd: folder, env });
const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });
const put = (domain: string, name: string, from: number): Promise<void> =>
  putTexts(store, `raw/${domain}/${name}.parquet`, texts.slice(from, from + 2));
const specOf = (domain: string, minAge: string, more: Partial<IngestSpec> = {}): IngestSpec =>
  textSpec(domain, { input: { prefix: `raw/${domain}/`, text: 'text', minAge }, ...more });
function write(schedules: object[]): void {
  writeFileSync(join(folder, 'schedules.json'), JSON.stringify({ schedules }));
}
async function applied(...flags: string[]): Promise<Record<string, string>> {
  const { code, stdout, stderr } = await ours('schedule', 'apply', 'schedules.json', '--json', ...flags);
  if (code !== 0) throw new Error(`NOT SO: schedule apply exits with 0\n${stderr}`);
  const { schedules } = JSON.parse(stdout) as {
    schedules: { domain: string; applied: string; changes: string[] }[];
  };
  return Object.fromEntries(
    schedules.map(({ domain, applied, changes }) => [domain, [applied, ...changes].join(' ')]),
  );
}
/** Workflow ids of a schedule's nights that have ended, in their order. */
async function ended(domain: string): Promise<string[]> {
  const query = `WorkflowType="ingestDomain" AND WorkflowId STARTS_WITH "ingest/${domain}/" AND ExecutionStatus != "Running"`;
  const { stdout } = await temporal.run('workflow', 'list', '--query', query, '--output', 'json');
  const listed = JSON.parse(stdout || '[]') as { execution: { workflowId: string } }[];
  return [...new Set(listed.map(({ execution }) => execution.workflowId))].sort();
}
const nights = (domain: string, count: number): Promise<string[]> =>
  until(`${count} nights of ${domain} to end`, SECONDS, async () => {
    const all = await ended(domain);
    return all.length >= count ? all : undefined;
  });
async function resultOf(id: string): Promise<IngestResult> {
  const { stdout } = await temporal.run('workflow', 'result', '--workflow-id', id, '--output', 'json');
  return (JSON.parse(stdout) as { result: IngestResult }).result;
}

writeFileSync(join(folder, 'clock.json'), JSON.stringify(specOf('clock', '1s')));
write([
  { spec: 'clok.json', cron: '* * * * *' },
  { spec: specOf('young', '1h'), at: '25:00' },
]);
const wrong = await ours('schedule', 'apply', 'schedules.json');
must(
  wrong.code === 2 && wrong.stderr.includes('schedules[1].at: is not a time'),
  'a file that is wrong is refused',
);

await put('clock', 'a', 0);
await put('young', 'a', 0);
const clock = { spec: 'clock.json', cron: '* * * * *', jitter: '1s' };
const young = { spec: specOf('young', '1h'), at: '02:00' };
write([clock, young]);
const dry = await applied('--dry-run');
must(dry.clock === 'created' && dry.young === 'created', 'a dry run says that both would be created');
must((await temporal.run('schedule', 'list')).stdout.includes('ingest/clock') === false, 'and creates none');
const created = await applied();
must(
  created.clock === 'created' && created.young === 'created',
  'two domains of one file get their schedules',
);
const same = await applied();
must(same.clock === 'unchanged' && same.young === 'unchanged', 'applied again, both are unchanged');

console.log('  the clock fires once a minute …');
const [first = ''] = await nights('clock', 1);
const one = await resultOf(first);
must(one.counts.sources === 1 && one.publication !== null, `${first} takes the file that is there`);
await put('clock', 'b', 2);
const [, second = ''] = await nights('clock', 2);
await ours('schedule', 'pause', 'clock', '--note', 'enough');
const two = await resultOf(second);
must(
  two.counts.sources === 1 && two.counts.takenSources === 1 && two.publication !== null,
  `${second} takes the file that was put there meanwhile, and that alone`,
);
const listed = await ours('schedule', 'list');
must(
  listed.stdout.includes('ingest/clock/nightly  paused (enough)') &&
    /ingest\/young\/nightly {2}next \d{4}-\d\d-\d\dT02:/.test(listed.stdout),
  '`schedule list` shows that one is paused, and when the other begins',
);
must((await applied()).clock === 'unchanged', 'applied again, it is unchanged');
clock.jitter = '2s';
write([clock, young]);
must(
  (await applied()).clock === 'updated jitter' &&
    (await ours('schedule', 'list')).stdout.includes('ingest/clock/nightly  paused (enough)'),
  'with another jitter it is updated, and stays paused',
);

/** Begins a night and waits for its end. */
async function night(domain: string): Promise<IngestResult & { id: string; shown: string }> {
  const before = (await ended(domain)).length;
  const { code } = await ours('schedule', 'trigger', domain);
  if (code !== 0) throw new Error(`NOT SO: schedule trigger ${domain} exits with 0`);
  const id = (await nights(domain, before + 1)).at(-1) ?? '';
  return { ...(await resultOf(id)), id, shown: (await ours('status', id)).stdout };
}
// Nights are named by the second at which they begin.
const third = await until('a night of its own second', 30, async () => (await night('clock')) || undefined);
must(
  third.publication === null && third.shown.includes('nothing new'),
  'a night that is triggered finds nothing new, says so, and succeeds',
);

const left = await night('young');
must(
  left.publication === null &&
    left.counts.youngSources === 1 &&
    left.shown.includes('too young or being uploaded: 1 object.'),
  `a file that is younger than minAge is left to the next night`,
);
write([clock, { ...young, spec: specOf('young', '1s') }]);
must((await applied()).young === 'updated spec.input', 'another minAge in the file updates the schedule');
const s3 = new S3Client({
  region: settings.s3.region,
  endpoint: settings.s3.endpoint ?? '',
  forcePathStyle: true,
  credentials: {
    accessKeyId: settings.s3.accessKeyId ?? '',
    secretAccessKey: settings.s3.secretAccessKey ?? '',
  },
});
await put('young', 'b', 2);
await s3.send(new CreateMultipartUploadCommand({ Bucket: settings.s3.bucket, Key: 'raw/young/b.parquet' }));
s3.destroy();
const taken = await night('young');
must(
  taken.counts.sources === 1 && taken.counts.youngSources === 1,
  'it is taken once it is old enough; one that is being uploaded anew is left',
);

await store.put('raw/parks/a.parquet', 'not Parquet');
await put('parks', 'b', 4);
const parks = specOf('parks', '1s', { decisionTimeout: '3s', maxFailedFraction: 0 });
write([{ spec: parks, at: '02:00' }]);
await applied();
await new Promise((resolve) => setTimeout(resolve, 1_500));
await ours('schedule', 'trigger', 'parks');
await new Promise((resolve) => setTimeout(resolve, 1_500));
await ours('schedule', 'trigger', 'parks');
const [parked = '', next = ''] = await nights('parks', 2);
must(
  (await temporal.status(parked)) === 'FAILED' && (await temporal.status(next)) === 'FAILED',
  'a night that parks is over when its time is, and the one that was buffered begins and meets the same',
);
write([{ spec: { ...parks, maxFailedFraction: 0.5 }, at: '02:00' }]);
await applied();
const after = await night('parks');
must(
  after.publication !== null && after.counts.failedSources === 1,
  'the next one, which may do without a file, takes what both have not: nothing is lost',
);

await ours('schedule', 'resume', 'young');
const day = 86_400_000;
const dayOf = (ago: number): string => new Date(Date.now() - ago * day).toISOString().slice(0, 10);
const before = (await ended('young')).length;
must((await ours('schedule', 'backfill', 'young', dayOf(3), dayOf(1))).code === 0, 'two days are filled in');
const filled = await nights('young', before + 2);
must(
  [3, 2].every((ago) => filled.some((id) => id.includes(`nightly-${dayOf(ago)}T02:00`))),
  'their nights have the names of those days',
);
must(
  (await ours('schedule', 'backfill', 'young', 'yesterday', dayOf(1))).code === 2,
  'a time that is none is refused',
);
must((await ours('schedule', 'delete', 'young')).code === 0, 'a schedule is deleted');
must((await ours('schedule', 'trigger', 'young')).code === 2, 'and is there no more: exit code 2');
store.close();
