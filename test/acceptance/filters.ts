// tier: ci — filters drop pairs where they are asked to, with the reason kept as Parquet and the counts balancing; a judge's figures stand beside the paper's and change no byte
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAIR_COLUMNS, PAIRS } from '../../activities/filter/pair-table.ts';
import { samplePassages } from '../../client/sample/index.ts';
import type { RunState } from '../../client/view/run-state.ts';
import { outputOf } from '../../lake/commit.ts';
import type { Row } from '../../lake/parquet/rows.ts';
import { openS3 } from '../../lake/s3.ts';
import { readTable } from '../../lake/table.ts';
import type { IngestSpec } from '../../workflows/contract.ts';
import { openJudgeEndpoint } from '../judge-endpoint.ts';
import { commitsOf, putTexts } from '../pipeline.ts';
import { lake, must } from './lib.ts';
import { mustBeSame } from './parts/same-bytes.ts';
import { BIOMED, importBiomed, stackUp } from './parts/stack.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const SAMPLE = 40;

// A judge of our own, so that what it must come to is known: it reads the answer's length and whether the text holds it.
const judge = await openJudgeEndpoint(({ text, question, answer }, again) =>
  question.length % 10 === 3 && !again
    ? 'Let me think.'
    : JSON.stringify({
        accuracy: answer.length % 4 === 0 ? 0 : 1,
        relevance: text.includes(answer) ? 1 : 0,
        task: answer.includes(' ') ? 'phrase' : 'word',
      }),
);
const stack = await stackUp('filters', { endpoints: { judge: { url: judge.url, concurrency: 4 } } });
const { folder, env, settings } = stack;
await importBiomed(stack);
const store = openS3(settings.s3);
// Longer than the synthesizer's window, and saying the same in each of its parts: its questions come again.
const passage = samplePassages()[0]?.text ?? '';
await putTexts(store, 'raw/biomed/long.parquet', [Array.from({ length: 40 }, () => passage).join(' ')]);
const input = { prefix: BIOMED.input.prefix, text: 'text' };
const spec: IngestSpec = {
  ...BIOMED,
  input,
  mix: { sources: [{ from: 'augmented', weight: 1 }] },
};
const asked: IngestSpec = {
  ...spec,
  filters: {
    grounding: { min: 1, kinds: ['plain', 'cot'] },
    answerLength: { max: 60 },
    copy: { max: 0.95, kinds: ['plain', 'cot'] },
  },
};

console.log('Without filters');
const measured = await ingested('measured', spec);
const all = await pairsOf('measured');
must(
  measured.valid === all.length &&
    Object.keys(measured.filtered).every((reason) => reason === 'repeatedQuestion'),
  `all ${all.length} pairs are measured, and none dropped but ${measured.filtered.repeatedQuestion ?? 0} that ask a text again what it was asked`,
);
must(
  (measured.filtered.repeatedQuestion ?? 0) > 0,
  'the long text was asked the same in several of its parts',
);

console.log('With filters');
const filtered = await ingested('filtered', asked);
const rows = await pairsOf('filtered');
const byReason: Record<string, number> = {};
for (const { dropped } of rows)
  if (dropped !== null) byReason[String(dropped)] = (byReason[String(dropped)] ?? 0) + 1;
must(
  rows.length === all.length && same(byReason, filtered.filtered),
  `the reasons in ${PAIRS} are those that the manifest counts: ${JSON.stringify(byReason)}`,
);
const lost = Object.values(filtered.filtered).reduce((sum, n) => sum + n, 0);
must(
  filtered.valid === filtered.kept + lost && filtered.rendered === filtered.kept,
  `${filtered.valid} pairs = ${filtered.kept} kept + ${lost} dropped; the kept ones are in documents`,
);
must(
  (byReason.grounding ?? 0) > 0,
  `${byReason.grounding} pairs whose rationale says more than their text are dropped`,
);
const spared = rows.filter(({ kind, grounding }) => kind === 'option-cot' && Number(grounding ?? 1) < 1);
must(
  spared.length > 0 && spared.every(({ dropped }) => dropped === null || dropped === 'repeatedQuestion'),
  `no filter by overlap touches the ${spared.length} choices that say as much more: it was not asked for their kind`,
);
must(
  rows.every(({ verdict, kind, dropped }) => verdict === null || kind !== 'plain' || dropped !== 'grounding'),
  `none of ${rows.filter(({ verdict }) => verdict !== null).length} answers such as "Yes" is dropped for standing in no text`,
);

console.log('With a judge');
await ingested('judged', { ...asked, judge: { endpoint: 'judge', pairs: SAMPLE } });
const { judge: figures, manifest } = await stateOf('judged');
must(
  figures?.judged === SAMPLE && figures.sampled === SAMPLE,
  `${SAMPLE} of ${manifest?.counts.pairs.valid} pairs are judged`,
);
const again = judge.asked.filter((each) => each.again).length;
must(
  again > 0 && judge.asked.length === SAMPLE + again,
  `${again} of them were asked once more, and none besides`,
);
const said = new Map(judge.asked.map(({ pair }) => [JSON.stringify(pair), pair]));
const accurate = [...said.values()].filter(({ answer }) => answer.length % 4 !== 0).length;
const relevant = [...said.values()].filter(({ text, answer }) => text.includes(answer)).length;
must(
  figures.accurate === accurate && figures.relevant === relevant,
  `what it said is what is counted: ${accurate} accurate, ${relevant} relevant`,
);
const { stdout } = await lake(['status', 'biomed/judged'], { cwd: folder, env });
for (const line of stdout.split('\n').filter((each) => /judge|accurate/.test(each))) console.log(line);
must(
  /judge .*% accurate.*% relevant.*some-judge/.test(stdout) && stdout.includes('general 77.5/92.9/49'),
  "status shows its figures beside the paper's",
);
await mustBeSame(store, 'biomed', ['judged', 'filtered'], 'they are those of the run without a judge');
store.close();
await judge.close();

function same(a: Record<string, number>, b: Record<string, number>): boolean {
  const sorted = (each: Record<string, number>): string => JSON.stringify(Object.entries(each).sort());
  return sorted(a) === sorted(b);
}

/** Ingests a run, verifies it, and gives what its manifest counts of pairs. */
async function ingested(run: string, spec: IngestSpec) {
  writeFileSync(join(folder, `${run}.json`), JSON.stringify(spec));
  const command = ['ingest', `${run}.json`, '--run', run, '--watch'];
  const { code, stderr, seconds } = await lake(command, { cwd: folder, env });
  if (code !== 0) throw new Error(`NOT SO: biomed/${run} completes (${code})\n${stderr}`);
  const verified = await lake(['verify', `biomed/${run}`], { cwd: folder, env });
  must(
    verified.code === 0 && verified.stdout.includes('pairs balance'),
    `biomed/${run} completes (${seconds.toFixed(1)} s) and verifies, its pairs balance`,
  );
  const { manifest } = await stateOf(run);
  if (manifest === null) throw new Error(`NOT SO: biomed/${run} is published`);
  return manifest.counts.pairs;
}

async function stateOf(run: string): Promise<RunState> {
  return JSON.parse(
    (await lake(['status', `biomed/${run}`, '--json'], { cwd: folder, env })).stdout,
  ) as RunState;
}

async function pairsOf(run: string): Promise<Row[]> {
  const rows: Row[] = [];
  const columns = PAIR_COLUMNS.map(({ name }) => name);
  for (const commit of await commitsOf(store, { domain: 'biomed', run }, 'filter')) {
    rows.push(...(await readTable(store, outputOf(commit, PAIRS), columns)));
  }
  return rows;
}
