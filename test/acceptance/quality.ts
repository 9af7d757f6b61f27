// tier: ci — rules of quality reject spam, other languages, repetition and what is no prose, each text for its own reason, which table, manifest, status and verify all tell alike; a run without them uses the same texts
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REJECT_COLUMNS, REJECTS } from '../../activities/scan/texts.ts';
import { DOCUMENTS } from '../../activities/tokenize/documents.ts';
import { samplePassages } from '../../client/sample/index.ts';
import type { RunState } from '../../client/view/run-state.ts';
import { outputOf } from '../../lake/commit.ts';
import { openS3 } from '../../lake/s3.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { commitsOf, putTexts, textSpec } from '../pipeline.ts';
import { lake, must } from './lib.ts';
import { stackUp } from './parts/stack.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const KEY = 'raw/quality/all.parquet';

const passages = samplePassages().map(({ text }) => text);
const [first = '', second = ''] = passages;
const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');
/** Text → why it is to be rejected, once for each threshold that texts of the kind fall for. */
const BAD: readonly [reason: string, text: string][] = [
  [
    'language',
    'Der Blutzucker wird vom Insulin gesenkt, das in den Inseln der Bauchspeicheldrüse entsteht. Bei Menschen mit Diabetes fehlt es, oder der Körper antwortet nicht mehr darauf, und dann muss es gespritzt werden.',
  ],
  [
    'language',
    'L’insuline est une hormone qui abaisse le taux de sucre dans le sang. Elle est produite par les îlots du pancréas, et les malades qui n’en ont plus doivent en recevoir par injection plusieurs fois par jour.',
  ],
  [
    'language',
    '胰岛素是由胰脏内的胰岛细胞分泌的一种蛋白质激素。它是机体内唯一降低血糖的激素，同时促进糖原、脂肪、蛋白质的合成。外源性的胰岛素主要用来治疗糖尿病，患者需要每天注射几次，并且定期检查血糖的水平，以免发生严重的并发症，例如视网膜和肾脏的损害。',
  ],
  [
    'gopherQuality.words',
    'A page that says of insulin hardly more than that it is a hormone, and that it lowers the sugar of the blood.',
  ],
  [
    'gopherQuality.meanWordLength',
    `The and ${Array.from({ length: 60 }, (_, i) => `https://example.org/insulin/page/${i}`).join(' ')}`,
  ],
  [
    'gopherQuality.symbols',
    `The best of insulin and of sugar: ${Array.from({ length: 60 }, (_, i) => `#insulin ${'abcdefgh'[i % 8]}sugar blood`).join(' ')}`,
  ],
  [
    'gopherQuality.bulletLines',
    lines(
      12,
      (i) => `- the sugar of the blood and insulin, ${passages[i]?.split(' ').slice(0, 6).join(' ')}`,
    ),
  ],
  ['gopherQuality.ellipsisLines', lines(8, (i) => `${passages[i]?.slice(0, 80)} and the rest of it…`)],
  [
    'gopherQuality.alphabeticWords',
    `The values of sugar and of insulin that were measured: ${Array.from({ length: 60 }, (_, i) => `sugar ${4 + (i % 5)}.${i % 10} at ${100 + i}`).join(' ')}`,
  ],
  [
    'gopherQuality.stopWords',
    Array.from(
      { length: 20 },
      (_, i) => `cheap insulin pills buy now shipping free doctor online order${i}`,
    ).join(' '),
  ],
  ['gopherRepetition.duplicateLines', `${first}\n${lines(20, () => 'Order the pills now')}`],
  ['gopherRepetition.duplicateLineCharacters', `${second}\n${second.split('\n')[0]}`],
  ['gopherRepetition.top2Grams', `${first.split(' ').slice(0, 60).join(' the best insulin ')}`],
  ['gopherRepetition.duplicate5Grams', `${passages[2]} ${passages[2]?.split(' ').slice(20, 70).join(' ')}`],
];
const stack = await stackUp('quality');
const { folder, env, settings } = stack;
const store = openS3(settings.s3);
// Good and bad ones in turn; both kinds in every block.
const rows = passages.flatMap((text, i) => [...(BAD[i] === undefined ? [] : [BAD[i][1]]), text]);
await putTexts(store, KEY, rows);
const spec: IngestSpec = textSpec('quality', { mix: { sources: [{ from: 'augmented', weight: 1 }] } });

console.log('With rules of quality');
const { counts, status } = await ingested('rules', {
  ...spec,
  quality: { language: { allow: ['eng'] }, gopherQuality: true, gopherRepetition: true },
});
const rejects = await tableOf(
  'rules',
  'scan',
  REJECTS,
  REJECT_COLUMNS.map(({ name }) => name),
);
for (const [reason, text] of BAD) {
  const row = rejects.find((each) => rows[Number(each.row)] === text);
  must(row?.reason === `quality:${reason}`, `row ${row?.row} is rejected by ${row?.reason}: ${row?.detail}`);
}
must(
  rejects.length === BAD.length &&
    counts.rejects === BAD.length &&
    counts.kept + counts.duplicates === passages.length,
  `nothing else is: all ${passages.length} passages of the sample pass`,
);
const byReason: Record<string, number> = {};
for (const { reason } of rejects) byReason[String(reason)] = (byReason[String(reason)] ?? 0) + 1;
must(
  sorted(byReason) === sorted(counts.rejectReasons),
  `the reasons in ${REJECTS} are those that the manifest counts`,
);
must(
  /^ {2}rejects +3 quality:language, 1 quality:gopherQuality\./m.test(status),
  'status shows them, the most frequent first',
);
const published = (await tableOf('rules', 'template', DOCUMENTS, ['text'])).map(({ text }) => String(text));
const marks = ['Order the pills', 'Bauchspeicheldrüse', 'example.org', '胰岛素', '#insulin'];
must(
  published.length > 0 && marks.every((mark) => published.every((text) => !text.includes(mark))),
  `none of them is in any of ${published.length} documents`,
);

console.log('Without');
const all = (await ingested('none', spec)).counts;
must(
  all.rejects === 0 && sorted(all.rejectReasons) === '[]' && all.kept + all.duplicates === rows.length,
  `all ${rows.length} texts are used`,
);
store.close();

function sorted(some: Record<string, number>): string {
  return JSON.stringify(Object.entries(some).sort());
}

/** Ingests a run, verifies it, and gives what its manifest counts of rows, and its status for people. */
async function ingested(run: string, spec: IngestSpec) {
  writeFileSync(join(folder, `${run}.json`), JSON.stringify(spec));
  const { code, stderr, seconds } = await lake(['ingest', `${run}.json`, '--run', run, '--watch'], {
    cwd: folder,
    env,
  });
  if (code !== 0) throw new Error(`NOT SO: quality/${run} completes (${code})\n${stderr}`);
  const verified = await lake(['verify', `quality/${run}`], { cwd: folder, env });
  must(
    verified.code === 0 && /rejects balance/.test(verified.stdout),
    `quality/${run} completes (${seconds.toFixed(1)} s) and verifies, its rejects balance`,
  );
  const said = await lake(['status', `quality/${run}`, '--json'], { cwd: folder, env });
  const { manifest } = JSON.parse(said.stdout) as RunState;
  if (manifest === null) throw new Error(`NOT SO: quality/${run} is published`);
  const { stdout } = await lake(['status', `quality/${run}`], { cwd: folder, env });
  return { counts: manifest.counts.rows, status: stdout };
}

async function tableOf(run: string, stage: 'scan' | 'template', table: string, columns: readonly string[]) {
  const found = [];
  for (const commit of await commitsOf(store, { domain: 'quality', run }, stage))
    found.push(...(await readTable(store, outputOf(commit, table), columns)));
  return found;
}
