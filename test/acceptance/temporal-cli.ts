// tier: ci — a run is started, watched, steered, decided on, cancelled, terminated, reset and finished with Temporal's own command; docs/operations.md shows what it prints
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openS3 } from '../../lake/s3.ts';
import { freePort } from '../listening.ts';
import { CLI, lake, must, start, until } from './lib.ts';
import { onAnotherServer } from './parts/another-server.ts';
import { openPage, withoutCounts, withoutStack } from './parts/page.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';
import { runIdOf, temporalCli } from './parts/temporal.ts';

/** A run of some passages takes seconds; a machine that is busy with other things takes longer. */
const RUN_SECONDS = 300;
const DELAY_MS = 2000;

// Ours to know: this program reads and writes the lake itself.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// Its rounds take seconds on any machine: what is done to a run under way comes while it is.
const slow = `${await freePort()}`;
const endpoint = start(process.execPath, [CLI, 'endpoint', '--port', slow, '--delay-ms', `${DELAY_MS}`]);
const stack = await stackUp('temporal-cli', { endpoints: { slow: { url: `http://127.0.0.1:${slow}` } } });
const { folder, env, settings } = stack;
const { texts } = await importBiomed(stack);
const ours = await temporalCli(settings.temporal, { cwd: folder, env });
/** With `--write` it writes what is printed into the page; else it looks whether the page still shows that. */
const page = openPage('operations.md', [folder]);
spec('spec.json', BIOMED);
const slowSpec = { ...BIOMED, synthesize: { ...BIOMED.synthesize, endpoint: 'slow' } };
spec('slow.json', slowSpec);

await startedWatchedFinished();
await decided();
await failingSource();
await replayed();
await refusedSpecs();
await steered();
await resumed();
await goesOnAfterDown();
await onAnotherServer({ stack, page, verified });
endpoint.kill('SIGTERM');
page.close();

async function startedWatchedFinished(): Promise<void> {
  const id = 'ingest/biomed/r1';
  const first = await ours.start(id, 'spec.json');
  must(first.code === 0 && runIdOf(first) !== undefined, `workflow start starts ${id}`);
  page.block('start', [first]);
  const result = await ours.result(id);
  must(
    result.code === 0 && /"publication":\{"key":"runs\/biomed\/r1\//.test(result.stdout),
    'workflow result waits for it and names its publication',
  );
  page.block('result', [result], withoutCounts);
  const { phase, counts } = await ours.progress(id);
  must(
    phase === 'done' && counts.keptRows === texts && (counts.publishedDocuments ?? 0) > 0,
    `it kept ${counts.keptRows} of ${texts} texts and published ${counts.publishedDocuments} documents, ${counts.publishedTokens} tokens`,
  );
  must((await ours.status(id)) === 'COMPLETED', 'workflow describe says that it is completed');
  await ours.listed('Domain="biomed" AND Run="r1" AND Phase="done" AND FailedPartitions=0', [id]);
  must(true, 'workflow list finds it by domain, run, phase and failed partitions');

  const metadata = await ours.run('workflow', 'metadata', '--workflow-id', id);
  must(
    metadata.code === 0 && metadata.stdout.includes(`- keptRows: ${texts}`),
    'workflow metadata shows its counts, a line each',
  );
  page.block('metadata', [metadata], someCounts);
  const history = await ours.run('workflow', 'show', '--workflow-id', id);
  must(/WorkflowExecutionCompleted/.test(history.stdout), 'workflow show shows its history to the end');
  page.block('show', [history], (text) =>
    withoutCounts(excerpt(text, 10, /WorkflowTaskCompleted(?!.*WorkflowTaskCompleted)/s)),
  );
  await verified('biomed/r1');
}

/** A run with sources that cannot be read, one of them found out only when its partition is scanned, waits for a decision. */
async function decided(): Promise<void> {
  const store = openS3(settings.s3);
  const good = await store.get('raw/biomed/passages-1.parquet');
  const torn = Buffer.from(good);
  torn.fill(0xff, 16, 256);
  await store.put('raw/partly/good.parquet', good);
  await store.put('raw/partly/torn.parquet', torn);
  await store.put('raw/partly/bad.parquet', Buffer.from('This is no Parquet file.'));
  store.close();
  const id = 'ingest/biomed/partly';
  const input = { ...BIOMED.input, prefix: 'raw/partly/' };
  spec('partly.json', { ...BIOMED, input, maxFailedFraction: 0.5 });
  await ours.start(id, 'partly.json');
  const parked = 'Phase="parked" AND ExecutionStatus="Running"';
  await ours.listed(parked, [id]);
  page.block(
    'parked',
    [await ours.run('workflow', 'list', '--query', parked), await ours.query(id, 'progress')],
    withoutCounts,
  );
  const progress = await ours.progress(id);
  must(
    progress.phase === 'scan' && progress.parked?.type === 'TooManyFailedSources',
    'a run of which two of three sources failed, one of them in its partition, is parked; workflow list finds it, the query progress says why',
  );
  const { total, sources } = await ours.failures(id);
  must(
    total === 2 && sources.every(({ type }) => type === 'CorruptParquet'),
    `workflow query --type failures names them: ${sources.map(({ key }) => key).join(', ')}`,
  );
  page.block('failures', [await ours.query(id, 'failures')]);
  const accept = await ours.update(id, 'acceptPartial');
  must(accept.code === 0, 'workflow update execute --name acceptPartial decides');
  page.block('acceptPartial', [accept]);
  must((await ours.result(id)).code === 0, 'it goes on without these sources, and finishes');
  const failed = 'Domain="biomed" AND FailedPartitions > 0';
  await ours.listed(`${failed} AND Phase="done"`, [id]);
  const list = await ours.run('workflow', 'list', '--query', failed);
  must(
    list.stdout.includes(id) && !list.stdout.includes('r1'),
    `workflow list --query '${failed}' finds it, and it alone`,
  );
  page.block('failed', [list]);
}

async function failingSource(): Promise<void> {
  const input = { ...BIOMED.input, prefix: 'raw/partly/' };
  spec('strict.json', { ...BIOMED, input, decisionTimeout: '1s' });
  await ours.start('ingest/biomed/strict', 'strict.json');
  const strict = await ours.result('ingest/biomed/strict');
  must(
    strict.code !== 0 && strict.stdout.includes('raw/partly/bad.parquet'),
    'a run with a broken source fails and names it, where no source may fail and nobody decides',
  );
}

/** The files are mended: a run that is parked reads them again in place, one that has published without them is replayed. */
async function replayed(): Promise<void> {
  const parked = 'ingest/biomed/held';
  spec('held.json', { ...BIOMED, input: { ...BIOMED.input, prefix: 'raw/partly/' } });
  await ours.start(parked, 'held.json');
  await until('it to be parked', RUN_SECONDS, async () =>
    (await ours.progress(parked)).parked === null ? undefined : true,
  );
  const store = openS3(settings.s3);
  const good = await store.get('raw/biomed/passages-2.parquet');
  for (const name of ['torn', 'bad']) await store.put(`raw/partly/${name}.parquet`, good);
  store.close();
  const inPlace = await ours.update(parked, 'replayFailed');
  must(inPlace.code === 0, 'workflow update execute --name replayFailed has a parked run read them again');
  page.block('replayFailed', [inPlace]);
  must((await ours.result(parked)).code === 0, 'it finishes with all of them');

  const id = 'ingest/biomed/partly';
  const input = JSON.stringify({ domain: 'biomed', run: 'partly', sources: 'failed' });
  const start = await ours.run(
    ...[
      'workflow',
      'start',
      '--type',
      'replayPartitions',
      '--task-queue',
      'instruct-lake',
      '--workflow-id',
      id,
    ],
    ...['--id-conflict-policy', 'Fail', '--fail-existing', '--input', input],
  );
  const result = await ours.result(id);
  must(
    start.code === 0 && result.code === 0 && result.stdout.includes('"generation":2'),
    'workflow start --type replayPartitions makes the second generation of the run that went on without them',
  );
  page.block('replay', [start]);
  await verified('biomed/partly');
}

/** Refused, watched, paused, given a ceiling, resumed and cancelled while its rounds are under way. */
async function steered(): Promise<void> {
  const id = 'ingest/biomed/r2';
  const first = await ours.start(id, 'slow.json');
  const second = await ours.start(id, 'slow.json');
  must(
    second.code !== 0 && second.stderr.includes('already running'),
    'a second start of it is refused with --id-conflict-policy Fail --fail-existing',
  );
  page.block('start-again', [second]);
  const third = await ours.start(id, 'slow.json', false);
  must(runIdOf(third) === runIdOf(first), 'without these flags the command attaches to what runs');
  must((await ours.status(id)) === 'RUNNING', 'workflow describe says that it runs');
  await inItsRounds(id);

  const pause = await ours.update(id, 'pause');
  const paused = await ours.query(id, 'progress');
  must(
    pause.code === 0 && paused.stdout.includes('"paused":true'),
    'pause holds it, and the query progress says so',
  );
  page.block('pause', [pause]);
  page.block('progress', [paused], withoutCounts);
  const described = await ours.run('workflow', 'describe', '--workflow-id', id);
  must(
    described.stdout.includes(`${id}/synthesize/corpus/0`),
    'workflow describe names the lane that is under way',
  );
  page.block('describe', [described], (text) => text.replace(/(SearchAttributes +)map.*/, '$1map[…]'));
  await ours.listed('Phase="paused" AND ExecutionStatus="Running"', [id]);
  const ceiling = await ours.update(id, 'setConcurrency', '{"concurrency":2}');
  const resume = await ours.update(id, 'resume');
  const steering = await ours.progress(id);
  must(
    ceiling.code === 0 && resume.code === 0 && !steering.paused && steering.concurrency === 2,
    'setConcurrency gives it a ceiling, resume lets it go on',
  );
  page.block('steer', [ceiling, resume]);

  const cancel = await ours.run('workflow', 'cancel', '--workflow-id', id);
  const canceled = await ours.result(id);
  must(
    cancel.code === 0 && canceled.code !== 0 && (await ours.status(id)) === 'CANCELED',
    'workflow cancel ends it, and workflow result says so',
  );
  page.block('cancel', [cancel, canceled]);
}

async function refusedSpecs(): Promise<void> {
  spec('bad.json', { domain: 'biomed', input: { prefix: 'biomed', text: 'text' }, synthesise: {}, mix: {} });
  await ours.start('ingest/biomed/bad', 'bad.json');
  const refusal = await ours.result('ingest/biomed/bad');
  const { code, stdout } = refusal;
  page.block('refused', [refusal], withoutStack);
  const problems = [
    'input.prefix: is not a key prefix',
    'synthesize: is missing',
    'tokenizer: is missing',
    'sequenceLength: is missing',
    'mix: takes either sources or a preset',
    'synthesise: unknown key (did you mean "synthesize"?)',
  ];
  const silent = problems.find((problem) => !stdout.includes(problem));
  must(
    code !== 0 && silent === undefined && stdout.includes(`${problems.length} problems`),
    `a spec that is not valid fails with all of its ${problems.length} problems${silent === undefined ? '' : `, without "${silent}"`}`,
  );
  for (const [id, says] of [
    ['ingest/finance/r1', `the spec's domain is "biomed"`],
    ['biomed-r1', 'it must be ingest/<domain>/<run>'],
  ] as const) {
    await ours.start(id, 'spec.json');
    const refused = await ours.result(id);
    must(refused.code !== 0 && refused.stdout.includes(says), `the workflow id ${id} is refused: ${says}`);
  }
}

async function resumed(): Promise<void> {
  const id = 'ingest/biomed/r2';
  await ours.start(id, 'slow.json');
  await inItsRounds(id);
  const end = await ours.run('workflow', 'terminate', '--workflow-id', id, '--reason', 'the wrong endpoint');
  must(
    end.code === 0 && (await ours.status(id)) === 'TERMINATED',
    `${id}, started again, is terminated in its rounds`,
  );
  page.block('terminate', [end]);
  spec('other.json', { ...slowSpec, sequenceLength: 1024 });
  await ours.start(id, 'other.json');
  const other = await ours.result(id);
  must(
    other.code !== 0 && other.stdout.includes('exists already with another spec (sequenceLength)'),
    'it is not taken up with another spec',
  );
  page.block('another-spec', [other], withoutStack);
  const again = await ours.start(id, 'slow.json');
  const result = await ours.result(id);
  must(
    again.code === 0 && result.code === 0,
    'the same start with the same spec takes it up and finishes it',
  );
  await verified('biomed/r2');
}

async function inItsRounds(id: string): Promise<void> {
  await until('the rounds', RUN_SECONDS, async () =>
    (await ours.progress(id)).phase === 'synthesize' ? true : undefined,
  );
}

async function goesOnAfterDown(): Promise<void> {
  const id = 'ingest/biomed/r3';
  await ours.start(id, 'slow.json');
  await inItsRounds(id);
  for (const verb of [['down'], stack.up]) {
    const { code, stderr } = await lake(verb, { cwd: folder, env });
    if (code !== 0) throw new Error(`NOT SO: ${verb.join(' ')} exits 0 (${code})\n${stderr}`);
  }
  const { code, stdout } = await ours.result(id);
  if (code !== 0) console.log(stdout);
  must(code === 0, 'after down and up, a run that was under way goes on by itself');
  await verified('biomed/r3');
}

async function verified(name: string): Promise<void> {
  const { code, stdout, stderr } = await lake(['verify', name], { cwd: folder, env });
  if (code !== 0) throw new Error(`NOT SO: verify ${name} exits 0 (${code})\n${stdout}${stderr}`);
  must(true, `instruct-lake verify ${name} finds all of it well`);
}

function spec(name: string, value: object): void {
  writeFileSync(join(folder, name), JSON.stringify(value, null, 2));
}

/** The first lines of a text, and those from where it matches. */
function excerpt(text: string, first: number, from: RegExp): string {
  const head = text.split('\n').slice(0, first).join('\n');
  const at = text.lastIndexOf('\n', text.search(from));
  return `${head}\n…${text.slice(at)}`;
}

/** A few of the counts: their order is that in which stages end. */
function someCounts(text: string): string {
  const shown = ['sources', 'texts', 'pairs', 'publishedDocuments', 'publishedTokens'];
  const [head = ''] = text.split('\n- ', 1);
  const counts = shown.map((name) => text.split('\n').find((line) => line.startsWith(`- ${name}: `)));
  return [head, ...counts, '…'].join('\n');
}
