// tier: ci — a run is started, watched, refused, resumed and finished with Temporal's own command, also on a server without our search attributes
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localEnv } from '../../client/local-config.ts';
import { openS3 } from '../../lake/s3.ts';
import { freePort } from '../listening.ts';
import { CLI, lake, must, start, until } from './lib.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';
import { runIdOf, type TemporalCli, temporalCli } from './parts/temporal.ts';

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
spec('spec.json', BIOMED);
const slowSpec = { ...BIOMED, synthesize: { ...BIOMED.synthesize, endpoint: 'slow' } };
spec('slow.json', slowSpec);

await startedWatchedFinished();
await failingSource();
await refusedSpecs();
await resumed();
await goesOnAfterDown();
await withoutSearchAttributes();
endpoint.kill('SIGTERM');

async function startedWatchedFinished(): Promise<void> {
  const id = 'ingest/biomed/r1';
  const first = await ours.start(id, 'slow.json');
  must(first.code === 0 && runIdOf(first) !== undefined, `workflow start starts ${id}`);
  const second = await ours.start(id, 'slow.json');
  must(
    second.code !== 0 && second.stderr.includes('already running'),
    'a second start of it is refused with --id-conflict-policy Fail --fail-existing',
  );
  const third = await ours.start(id, 'slow.json', false);
  must(runIdOf(third) === runIdOf(first), 'without these flags the command attaches to what runs');
  must((await ours.status(id)) === 'RUNNING', 'workflow describe says that it runs');

  const seen = await until('progress', RUN_SECONDS, async () => {
    const progress = await ours.progress(id);
    return (progress.counts.texts ?? 0) > 0 ? progress : undefined;
  });
  must(
    seen.phase !== 'done' && seen.model === 'instruct-lake-rules',
    `workflow query --type progress tells where it is: ${seen.phase}, ${seen.done} of ${seen.total}, ${seen.counts.texts} texts`,
  );
  await ours.listed('Domain="biomed" AND ExecutionStatus="Running"', [id]);
  must(true, `workflow list --query 'Domain="biomed"' finds it while it runs`);

  const result = await ours.result(id);
  must(
    result.code === 0 && /"publication":\{"key":"runs\/biomed\/r1\//.test(result.stdout),
    'workflow result waits for it and names its publication',
  );
  const { phase, counts } = await ours.progress(id);
  must(
    phase === 'done' && counts.keptRows === texts && (counts.publishedDocuments ?? 0) > 0,
    `it kept ${counts.keptRows} of ${texts} texts and published ${counts.publishedDocuments} documents, ${counts.publishedTokens} tokens`,
  );
  must((await ours.status(id)) === 'COMPLETED', 'workflow describe says that it is completed');
  await ours.listed('Domain="biomed" AND Run="r1" AND Phase="done" AND FailedPartitions=0', [id]);
  must(true, 'workflow list finds it by domain, run, phase and failed partitions');
  await verified('biomed/r1');
}

async function failingSource(): Promise<void> {
  const store = openS3(settings.s3);
  const prefix = 'raw/partly/';
  const good = await store.get('raw/biomed/passages-1.parquet');
  await store.put(`${prefix}good.parquet`, good);
  await store.put(`${prefix}bad.parquet`, Buffer.from('This is no Parquet file.'));
  store.close();
  const input = { ...BIOMED.input, prefix };

  spec('strict.json', { ...BIOMED, input, decisionTimeout: '1s' });
  await ours.start('ingest/biomed/strict', 'strict.json');
  const strict = await ours.result('ingest/biomed/strict');
  must(
    strict.code !== 0 && strict.stdout.includes(`${prefix}bad.parquet`),
    'a run with a broken source fails and names it, where no source may fail and nobody decides',
  );

  const id = 'ingest/biomed/partly';
  spec('partly.json', { ...BIOMED, input, maxFailedFraction: 0.5 });
  await ours.start(id, 'partly.json');
  const result = await ours.result(id);
  must(result.code === 0, 'it goes on without that source where half of them may fail');
  const { total, sources } = await ours.failures(id);
  must(
    total === 1 && sources[0]?.key === `${prefix}bad.parquet` && sources[0].type === 'CorruptParquet',
    `workflow query --type failures names it: ${sources[0]?.key} ${sources[0]?.type}`,
  );
  await ours.listed('FailedPartitions > 0', [id]);
  must(true, `workflow list --query 'FailedPartitions > 0' finds the run`);
}

async function refusedSpecs(): Promise<void> {
  spec('bad.json', { domain: 'biomed', input: { prefix: 'biomed', text: 'text' }, synthesise: {}, mix: {} });
  await ours.start('ingest/biomed/bad', 'bad.json');
  const { code, stdout } = await ours.result('ingest/biomed/bad');
  const problems = [
    'input.prefix: is not a key prefix',
    'synthesize: is missing',
    'tokenizer: is missing',
    'sequenceLength: is missing',
    'mix.sources: is missing',
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
  const end = await ours.run('workflow', 'terminate', '--workflow-id', id, '--reason', 'shown');
  must(end.code === 0 && (await ours.status(id)) === 'TERMINATED', `${id} is terminated in its rounds`);
  spec('other.json', { ...slowSpec, sequenceLength: 1024 });
  await ours.start(id, 'other.json');
  const other = await ours.result(id);
  must(
    other.code !== 0 && other.stdout.includes('exists already with another spec (sequenceLength)'),
    'it is not taken up with another spec',
  );
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

async function withoutSearchAttributes(): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const plain = await temporalCli(address, { cwd: folder, env });
  const [host = '', port = ''] = address.split(':');
  const server = start(plain.binary, ['server', 'start-dev', '--headless', '--ip', host, '--port', port], {
    env,
  });
  await until('a plain server', RUN_SECONDS, async () => {
    const { code, stdout } = await plain.run('operator', 'cluster', 'health');
    return (code === 0 && stdout.includes('SERVING')) || undefined;
  });
  const unknown = await plain.run('workflow', 'list', '--query', 'Domain="biomed"');
  must(unknown.code !== 0, 'there is a second server, which does not know our search attributes');

  let worker = await workerOn(plain);
  const id = 'ingest/biomed/plain';
  const started = await plain.start(id, 'spec.json');
  const { code, stdout } = await plain.result(id);
  must(started.code === 0 && code === 0, `a run finishes there as well\n${code === 0 ? '' : stdout}`.trim());
  await verified('biomed/plain');

  const create = ['operator', 'search-attribute', 'create'];
  const names = Object.entries({
    Domain: 'Keyword',
    Run: 'Keyword',
    Phase: 'Keyword',
    FailedPartitions: 'Int',
  });
  const made = await plain.run(
    ...create,
    ...names.flatMap(([name, type]) => ['--name', name, '--type', type]),
  );
  must(made.code === 0, 'operator search-attribute create registers them');
  worker.kill('SIGTERM');
  worker = await workerOn(plain);
  await plain.start('ingest/biomed/known', 'spec.json');
  must(
    (await plain.result('ingest/biomed/known')).code === 0,
    'with a worker started after it, a run finishes',
  );
  await plain.listed('Domain="biomed" AND Phase="done"', ['ingest/biomed/known']);
  must(true, 'and is found by its domain');
  worker.kill('SIGTERM');
  server.kill('SIGTERM');
}

/** A worker with the configuration of our stack's, on another Temporal server; resolves when it polls. */
async function workerOn({ address, run }: TemporalCli): Promise<ReturnType<typeof start>> {
  const config = join(folder, '.instruct-lake', 'worker.yaml');
  const worker = start(process.execPath, [CLI, 'worker', '--config', config, '--address', address], {
    cwd: folder,
    env: { ...env, ...localEnv(settings) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until('a worker', RUN_SECONDS, async () => {
    if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`);
    const { stdout } = await run('task-queue', 'describe', '--task-queue', 'instruct-lake');
    return new RegExp(`\\s${worker.pid}@`).test(stdout) || undefined;
  });
  return worker;
}

async function verified(name: string): Promise<void> {
  const { code, stdout, stderr } = await lake(['verify', name], { cwd: folder, env });
  if (code !== 0) throw new Error(`NOT SO: verify ${name} exits 0 (${code})\n${stdout}${stderr}`);
  must(true, `instruct-lake verify ${name} finds all of it well`);
}

function spec(name: string, value: object): void {
  writeFileSync(join(folder, name), JSON.stringify(value, null, 2));
}
