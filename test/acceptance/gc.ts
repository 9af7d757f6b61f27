// tier: ci — two nights, a run that failed and one that was cancelled: gc says what would go and changes nothing; then exactly that goes, everything published verifies, and what is started again gives equal hashes

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { samplePassages } from '../../client/sample/index.ts';
import { openS3 } from '../../lake/s3.ts';
import { freePort } from '../listening.ts';
import { putTexts, textSpec } from '../pipeline.ts';
import { CLI, type Finished, lake, must, start, until } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { stackUp } from './parts/stack.ts';
import { temporalCli } from './parts/temporal.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
interface Report {
  removed: boolean;
  runs: { run: string; objects: number; bytes: number; skipped?: string; why: Record<string, number> }[];
}
const texts = samplePassages().map(({ text }) => text);
const slow = `${await freePort()}`;
const endpoint = start(process.execPath, [CLI, 'endpoint', '--port', slow, '--delay-ms', '400']);
const stack = await stackUp('gc', {
  endpoints: { slow: { url: `http://127.0.0.1:${slow}`, concurrency: 2 } },
});
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
const temporal = await temporalCli(settings.temporal, { cwd: folder, env });
const ours = (...args: string[]): Promise<Finished> => lake(args, { cwd: folder, env });
const put = (name: string, from: number): Promise<void> =>
  putTexts(store, `raw/tidy/${name}.parquet`, texts.slice(from, from + 4));
const write = (name: string, spec: object): void => writeFileSync(join(folder, name), JSON.stringify(spec));
async function listed(): Promise<string[]> {
  const keys: string[] = [];
  for (const prefix of ['runs/', 'index/']) for await (const { key } of store.list(prefix)) keys.push(key);
  return keys.sort();
}
async function gc(...flags: string[]): Promise<Report> {
  const { code, stdout, stderr } = await ours('gc', 'tidy', '--older-than', '1s', '--json', ...flags);
  if (code !== 0) throw new Error(`NOT SO: gc exits with 0\n${stderr}`);
  return JSON.parse(stdout) as Report;
}
async function ingested(spec: string, run: string): Promise<number | null> {
  return (await ours('ingest', spec, '--run', run, '--watch')).code;
}

const tidy = textSpec('tidy');
write('night.json', { ...tidy, mode: 'incremental' });
write('whole.json', tidy);
write('slow.json', { ...tidy, synthesize: { ...tidy.synthesize, endpoint: 'slow' } });
write('strict.json', { ...tidy, decisionTimeout: '1s' });

await put('a', 0);
must((await ingested('night.json', 'n1')) === 0, 'a night');
await put('b', 4);
must((await ingested('night.json', 'n2')) === 0, 'another one');
must((await ingested('whole.json', 'retracted')) === 0, 'a run that is published');
must((await ours('retract', 'tidy/retracted')).code === 0, 'and retracted');
await store.put('raw/tidy/x.parquet', 'not Parquet');
must((await ingested('strict.json', 'failed')) === 1, 'a run that failed');
await putTexts(store, 'raw/tidy/x.parquet', texts.slice(8, 12));

await ours('ingest', 'slow.json', '--run', 'cancelled');
await until('its rounds', 60, async () => {
  const { phase, counts } = await temporal.progress('ingest/tidy/cancelled');
  return phase === 'synthesize' && (counts.texts ?? 0) > 0 ? phase : undefined;
});
await delay(1_500);
const running = await gc();
must(
  running.runs.find(({ run }) => run === 'cancelled')?.skipped === 'it runs',
  'a run that runs is left alone',
);
await temporal.run('workflow', 'cancel', '--workflow-id', 'ingest/tidy/cancelled');
await temporal.result('ingest/tidy/cancelled');
must(
  (await temporal.status('ingest/tidy/cancelled')) === 'CANCELED',
  'a run that was cancelled in its rounds',
);
// What an attempt leaves that is killed before its commit.
const left = `runs/tidy/cancelled/stages/global/mix/${'a'.repeat(64)}/${'b'.repeat(32)}/units.bin`;
await store.put(left, 'left');
// A source of the second night that is replaced and replayed twice leaves a generation that nobody keeps.
for (const from of [20, 24]) {
  await put('b', from);
  await ours('replay', 'tidy/n2', '--source', 'raw/tidy/b.parquet', '--watch');
}
await delay(2_500);

const before = await listed();
const said = await gc();
must(!said.removed && JSON.stringify(await listed()) === JSON.stringify(before), 'a dry run changes nothing');
const of = (run: string) => said.runs.find((each) => each.run === run);
must((of('n2')?.why.superseded ?? 0) > 0, 'it would take what the generation before the last two rests on');
must((of('cancelled')?.why.unfinished ?? 0) > 0, 'and what the cancelled run never committed');
must(of('n1')?.objects === 0, 'and nothing of a night that is published once');

const did = await gc('--delete');
const after = await listed();
const gone = before.filter((key) => !after.includes(key)).length;
const total = said.runs.reduce((sum, { objects }) => sum + objects, 0);
must(
  did.removed && JSON.stringify(did.runs) === JSON.stringify(said.runs) && gone === total,
  `with --delete exactly that goes: ${gone} objects`,
);
const more = await ours('gc', 'tidy', '--older-than', '1s');
must(more.stdout.includes('Everything that is there is needed'), 'after which there is nothing more');
for (const run of ['n1', 'n2'])
  must((await ours('verify', `tidy/${run}`)).code === 0, `tidy/${run} verifies`);
for (const command of ['status', 'duplicates', 'ledger', 'drops']) {
  must((await ours(command, 'tidy/n2')).code === 0, `\`${command}\` of it is shown`);
}

must((await ingested('slow.json', 'cancelled')) === 0, 'the cancelled run is started again, and completes');
must((await ingested('strict.json', 'failed')) === 0, 'so does the one that failed');
await store.delete(['raw/tidy/x.parquet']);
await put('b', 4);
must(
  (await ingested('whole.json', 'retracted')) === 0 && (await ours('verify', 'tidy/retracted')).code === 0,
  'the one that was retracted is published again from what it had',
);
await put('b', 24);
await putTexts(store, 'raw/tidy/x.parquet', texts.slice(8, 12));
must((await ingested('slow.json', 'undisturbed')) === 0, 'an undisturbed run of the same files');
await mustBeSame(store, 'tidy', ['cancelled', 'undisturbed'], 'after gc and undisturbed');
await putTexts(
  store,
  'raw/tidy/x.parquet',
  'abcd'.split('').map((c) => `${c} ${texts[30]}`),
);
must((await ingested('night.json', 'n3')) === 0, 'the next night goes on on what is left of the index');
must((await ours('gc', 'tidy', '--older-than', 'soon')).code === 2, 'a time that is none is refused');
store.close();
endpoint.kill('SIGTERM');
